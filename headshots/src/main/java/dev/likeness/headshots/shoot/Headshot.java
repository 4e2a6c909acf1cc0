package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.decode.ExifOrientation;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One headshot and how it was made.
 *
 * @param image the pixels
 * @param style the style it was asked in
 * @param seed the seed of its noise
 * @param request the request with every default filled in
 * @param likeness how strongly the person was drawn, 0 to 1
 * @param isEdited whether it goes on from another image, such as a photo or a file, which its own
 *     file says then
 */
public record Headshot(
    RgbImage image,
    Style style,
    long seed,
    ImageRequest request,
    double likeness,
    boolean isEdited) {
  public Headshot {
    if (!(likeness >= 0 && likeness <= 1)) {
      throw new IllegalArgumentException("likeness " + likeness + " is outside 0..1");
    }
  }

  /** One that was drawn from nothing. */
  public Headshot(RgbImage image, Style style, long seed, ImageRequest request, double likeness) {
    this(image, style, seed, request, likeness, false);
  }

  /**
   * An image from a file, of which nothing but the prompt is known: to be edited.
   *
   * @param who what prompts call the person, {@link dev.likeness.diffusion.Identity#phrase()}
   */
  public static Headshot of(RgbImage image, Style style, String who) {
    ImageRequest request = ShootRequest.of(style, 1)
        .imageRequest(style.opening() + " of " + who, style)
        .size(image.width(), image.height());
    return new Headshot(image, style, request.seed(), request, 1, true);
  }

  /**
   * The same in another format, as {@link dev.likeness.headshots.style.HeadshotCrop#ratio} reads
   * it, e.g. its style's own, {@link Style#crop}; empty where no face is seen that the crop would
   * go by.
   */
  public Optional<Headshot> crop(String format, FaceDetector detector) {
    return HeadshotCrop.of(image, format, detector)
        .map(shown ->
            new Headshot(shown.of(image, format), style, seed, request, likeness, isEdited));
  }

  /** The same asked by another prompt. */
  public Headshot prompt(String text) {
    return new Headshot(image, style, seed, request.prompt(text), likeness, isEdited);
  }

  /** The same drawn over in so many steps, where it is edited. */
  public Headshot steps(int n) {
    return new Headshot(image, style, seed, request.steps(n), likeness, isEdited);
  }

  /**
   * An image file to be edited: as the {@code record.json}, a later shoot's
   * {@code record-003.json}, or {@code edit.json} beside it tells, or else of a usual prompt.
   *
   * @param who what prompts call the person, {@link dev.likeness.diffusion.Identity#phrase()}
   * @throws dev.likeness.diffusion.error.InvalidInputException when it is no image, or a record
   *     beside it is broken
   */
  public static Headshot read(Path file, String who) {
    RgbImage image = readUpright(file);
    return HeadshotEntries.find(file, image)
        .orElseGet(() -> of(image, Style.defaults().get(0), who));
  }

  /** The same, empty where no record beside it tells how it was made. */
  public static Optional<Headshot> findRecorded(Path file) {
    return HeadshotEntries.find(file, readUpright(file));
  }

  private static RgbImage readUpright(Path file) {
    return ExifOrientation.toUpright(file, RgbImage.read(file));
  }

  /** What records tell of it as {@code file}, by which {@link #read} finds what it was asked by. */
  public Map<String, Object> toMap(String file) {
    return HeadshotEntries.entry(this, file);
  }

  /**
   * Encodes a PNG file that is marked as generated or edited. The file does not identify the
   * person.
   */
  public byte[] encodePng() {
    return encode(ImageFormat.PNG);
  }

  /**
   * The bytes of a file of this kind that says the same, as {@link GeneratedImage.Marking#load()}
   * does.
   */
  public byte[] encode(ImageFormat format) {
    return GeneratedImage.Marking.load().encode(image, format, isEdited);
  }

  /** Writes such a PNG file, whole or not at all. */
  public void write(Path file) {
    write(file, GeneratedImage.Marking.load());
  }

  /**
   * Writes a PNG file that is marked in the application's own way, and as edited where it was;
   * whole or not at all.
   */
  public void write(Path file, GeneratedImage.Marking marking) {
    byte[] bytes = marking.encodePng(image, isEdited);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * What the headshot at {@code index} of a shoot is called, counted from 0:
   * {@code headshot-001.png}.
   */
  public static String fileName(int index) {
    return String.format(Locale.ROOT, "headshot-%03d.png", index + 1);
  }
}
