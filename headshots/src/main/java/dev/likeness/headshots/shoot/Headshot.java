package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A headshot with the settings that it was generated with. Immutable.
 *
 * @param image the pixels
 * @param style the style
 * @param seed the seed of the noise
 * @param request the request to the base model, with all defaults filled in
 * @param identityStrength the identity strength, 0 to 1
 * @param isEdited true if the headshot was made from an existing image, such as a photo; it is then
 *     marked as edited
 */
public record Headshot(
    RgbImage image,
    Style style,
    long seed,
    ImageRequest request,
    double identityStrength,
    boolean isEdited) {
  /**
   * Checks the identity strength.
   *
   * @throws IllegalArgumentException if {@code identityStrength} is outside 0 to 1
   */
  public Headshot {
    if (!(identityStrength >= 0 && identityStrength <= 1)) {
      throw new IllegalArgumentException(
          "the identity strength must be in 0..1, got " + identityStrength);
    }
  }

  /**
   * Creates a headshot that was generated from noise.
   *
   * @param image the pixels
   * @param style the style
   * @param seed the seed of the noise
   * @param request the request to the base model, with all defaults filled in
   * @param identityStrength the identity strength, 0 to 1
   */
  public Headshot(
      RgbImage image, Style style, long seed, ImageRequest request, double identityStrength) {
    this(image, style, seed, request, identityStrength, false);
  }

  /**
   * Wraps an image of unknown origin, so that it can be edited.
   *
   * @param image the image
   * @param style the style; an edit of the headshot replaces words of this style
   * @param who the person in words for the prompt, such as
   *     {@link dev.likeness.diffusion.Identity#phrase()}
   * @return a headshot with default settings
   */
  public static Headshot of(RgbImage image, Style style, String who) {
    ImageRequest request = ShootRequest.of(style, 1)
        .imageRequest(style.opening() + " of " + who, style)
        .size(image.width(), image.height());
    return new Headshot(image, style, request.seed(), request, 1, true);
  }

  /**
   * Returns a copy of this headshot with the given crop.
   *
   * @param format a format of {@link dev.likeness.headshots.style.HeadshotCrop#ratio}, such as
   *     {@link Style#crop}
   * @param detector finds the face around which the crop is placed; the caller closes it
   * @return the cropped headshot, enlarged if a format in pixels is larger than the crop; empty if
   *     the crop needs a face and no face was found. A format in pixels needs no face
   * @throws IllegalArgumentException if the format is unknown
   */
  public Optional<Headshot> crop(String format, FaceDetector detector) {
    return HeadshotCrop.of(image, format, detector)
        .map(shown -> new Headshot(
            shown.of(image, format), style, seed, request, identityStrength, isEdited));
  }

  /**
   * Returns a copy of this headshot, cropped to the format of its style.
   *
   * @param detector finds the face around which the crop is placed; the caller closes it
   * @return the cropped headshot; this headshot if the crop needs a face and no face was found
   */
  public Headshot crop(FaceDetector detector) {
    return crop(style.crop(), detector).orElse(this);
  }

  /**
   * {@return the pixels of the file that the given marking encodes} They have the marking's label
   * and watermark. Scores of these pixels are scores of the file.
   *
   * @param marking marks the file as generated or edited
   */
  public RgbImage marked(GeneratedImage.Marking marking) {
    return marking.markPixels(image, isEdited);
  }

  /**
   * {@return the factor by which the image was enlarged after it was generated, such as 4.7 for
   * 1200x630 pixels from 256x256; 1 if it was not enlarged} A crop that enlarges adds no detail. If
   * a shoot enlarges, image-to-image adds details; see {@link ShootRequest#size}.
   */
  public double enlargement() {
    return Math.max(
        1,
        Math.max(
            (double) image.width() / request.width().orElse(image.width()),
            (double) image.height() / request.height().orElse(image.height())));
  }

  /**
   * Returns a copy of this headshot with the given prompt in its request.
   *
   * @param text the prompt
   * @return the new headshot
   */
  public Headshot prompt(String text) {
    return new Headshot(image, style, seed, request.prompt(text), identityStrength, isEdited);
  }

  /**
   * Returns a copy of this headshot with the given number of steps in its request. Edits use this
   * number.
   *
   * @param n number of sampling steps, at least 1
   * @return the new headshot
   * @throws IllegalArgumentException if {@code n} is below 1
   */
  public Headshot steps(int n) {
    return new Headshot(image, style, seed, request.steps(n), identityStrength, isEdited);
  }

  /**
   * Reads an image file, so that it can be edited. The settings come from the record beside the
   * file: {@code record.json}, {@code record-003.json} for a later shoot, or {@code edit.json} for
   * an edit. Without a record, a default prompt is used.
   *
   * @param file the image file
   * @param who the person in words for the prompt, such as
   *     {@link dev.likeness.diffusion.Identity#phrase()}
   * @return the headshot, upright
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is no image, or the
   *     record cannot be read
   */
  public static Headshot read(Path file, String who) {
    RgbImage image = RgbImage.read(file);
    return HeadshotEntries.find(file, image)
        .orElseGet(() -> of(image, Style.defaults().get(0), who));
  }

  /**
   * Reads an image file with the record beside it.
   *
   * @param file the image file
   * @return the headshot, upright; empty if no record beside the file describes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is no image, or the
   *     record cannot be read
   */
  public static Optional<Headshot> findRecorded(Path file) {
    return HeadshotEntries.find(file, RgbImage.read(file));
  }

  /**
   * Returns the settings as an entry of {@code record.json}. If this entry is in the record beside
   * the headshot's file, {@link #read} restores the settings.
   *
   * @param file the name of the headshot's file
   * @return the entry: a new map, whose values JSON can represent
   */
  public Map<String, Object> toMap(String file) {
    return HeadshotEntries.entry(this, file);
  }

  /**
   * Encodes a PNG file that is marked as generated or edited. The file does not identify the
   * person.
   *
   * @return the bytes of the file
   */
  public byte[] encodePng() {
    return encode(ImageFormat.PNG);
  }

  /**
   * Encodes an image file that is marked as generated or edited. The marks are those of
   * {@link GeneratedImage.Marking#load()}. The file does not identify the person.
   *
   * @param format the file format
   * @return the bytes of the file
   * @throws dev.likeness.diffusion.error.InvalidInputException if the marking does not write
   *     {@code format}
   */
  public byte[] encode(ImageFormat format) {
    return encode(format, GeneratedImage.Marking.load());
  }

  /**
   * Encodes an image file with the given marking, even if the class path has other markings.
   *
   * @param format the file format
   * @param marking marks the file as generated or edited
   * @return the bytes of the file
   * @throws dev.likeness.diffusion.error.InvalidInputException if the marking does not write
   *     {@code format}
   */
  public byte[] encode(ImageFormat format, GeneratedImage.Marking marking) {
    return marking.encode(image, format, isEdited);
  }

  /**
   * Writes a PNG file with the marking of {@link GeneratedImage.Marking#load()}. The write is
   * atomic.
   *
   * @param file the file to write, or an existing folder. In a folder, the file is named by style
   *     and seed, such as {@code studio-17.png}
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void write(Path file) {
    write(file, GeneratedImage.Marking.load());
  }

  /**
   * Writes a PNG file with the given marking. The write is atomic.
   *
   * @param file the file to write, or an existing folder, in which the file is named by style and
   *     seed
   * @param marking marks the file as generated or edited
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void write(Path file, GeneratedImage.Marking marking) {
    byte[] bytes = marking.encodePng(image, isEdited);
    String name = style.name().replaceAll("[^\\p{L}\\p{N}._-]", "-") + "-" + seed + ".png";
    Path target = Files.isDirectory(file) ? file.resolve(name) : file;
    AtomicFile.write(target, out -> out.write(bytes));
  }

  /**
   * Names the file of a headshot.
   *
   * @param index index of the headshot in its shoot, from 0
   * @return the name, such as {@code headshot-001.png} for index 0
   */
  public static String fileName(int index) {
    return String.format(Locale.ROOT, "headshot-%03d.png", index + 1);
  }
}
