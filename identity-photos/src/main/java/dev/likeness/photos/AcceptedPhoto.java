package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** An accepted photo with its face. Immutable. */
public final class AcceptedPhoto {
  private final String name;
  private final RgbImage image;
  private final Face face;
  private final PhotoFeatures features;
  private final Optional<String> caption;
  private final int repeats;

  AcceptedPhoto(String name, RgbImage image, Face face, PhotoFeatures features) {
    this(name, image, face, features, Optional.empty(), 1);
  }

  private AcceptedPhoto(
      String name,
      RgbImage image,
      Face face,
      PhotoFeatures features,
      Optional<String> caption,
      int repeats) {
    this.name = name;
    this.image = image;
    this.face = face;
    this.features = features;
    this.caption = caption;
    this.repeats = repeats;
  }

  /**
   * Returns a photo with its face. The method also computes features of the image for
   * {@link #distance} and for a {@link PhotoReview}.
   *
   * @param name name for reports and messages
   * @param image the upright photo in sRGB
   * @param face the person's face, in pixels of {@code image}
   * @return the photo
   */
  public static AcceptedPhoto of(String name, RgbImage image, Face face) {
    return new AcceptedPhoto(name, image, face, PhotoFeatures.of(image, face));
  }

  /** {@return the photo's name} */
  public String name() {
    return name;
  }

  /**
   * Returns the photo: upright, in sRGB and without metadata. A {@link PhotoReview} reduces the
   * long side of a large photo to {@link dev.likeness.photos.decode.DecodeLimits#maxLongSide()}.
   *
   * @return the image
   */
  public RgbImage image() {
    return image;
  }

  /** {@return the person's face, in pixels of {@link #image()}} */
  public Face face() {
    return face;
  }

  PhotoFeatures features() {
    return features;
  }

  /**
   * Returns a copy of this photo with the caption of a {@link Photo} and its number of repeats in
   * training.
   *
   * @param file the photo whose caption and repeats are copied
   * @return the copy
   */
  public AcceptedPhoto withCaptionOf(Photo file) {
    return new AcceptedPhoto(name, image, face, features, file.caption(), file.repeats());
  }

  /**
   * {@return the caption that was given with the photo; empty if training writes a caption} In the
   * caption, {@code %s} stands for the person.
   */
  public Optional<String> caption() {
    return caption;
  }

  /**
   * {@return the number of repeats, 1 by default} Training uses a photo with 3 repeats three times
   * as often as a photo with 1 repeat.
   */
  public int repeats() {
    return repeats;
  }

  /**
   * Returns a square crop of head and shoulders. The crop is reduced to {@code size}, but never
   * enlarged. The usual sizes are 224 or 256 pixels for image encoders, and 512 or 1024 pixels for
   * training.
   *
   * @param size side of the result in pixels, at least 1
   * @return the crop, {@code size} pixels wide and high
   * @throws IllegalArgumentException if the crop has fewer than {@code size} pixels per side, or
   *     {@code size} is below 1
   */
  public RgbImage crop(int size) {
    return crop(size, 1);
  }

  /**
   * Returns a square crop of head and shoulders. A crop with fewer than {@code size} pixels per
   * side is enlarged.
   *
   * @param size side of the result in pixels, at least 1
   * @param mostEnlargement largest allowed enlargement factor, at least 1
   * @return the crop, {@code size} pixels wide and high
   * @throws IllegalArgumentException if the crop needs a larger enlargement factor, this factor is
   *     below 1 or NaN, or {@code size} is below 1
   */
  public RgbImage crop(int size, double mostEnlargement) {
    return crop(size, HeadCrop.Framing.HEAD_AND_SHOULDERS, mostEnlargement);
  }

  /**
   * Returns a square crop with the given framing. The crop is reduced to {@code size}, but never
   * enlarged.
   *
   * @param size side of the result in pixels, at least 1
   * @param framing how much of the person the crop includes
   * @return the crop, {@code size} pixels wide and high
   * @throws IllegalArgumentException if the crop has fewer than {@code size} pixels per side, or
   *     {@code size} is below 1
   */
  public RgbImage crop(int size, HeadCrop.Framing framing) {
    return crop(size, framing, 1);
  }

  /**
   * Returns a square crop with the given framing. A crop with fewer than {@code size} pixels per
   * side is enlarged.
   *
   * @param size side of the result in pixels, at least 1
   * @param framing how much of the person the crop includes
   * @param mostEnlargement largest allowed enlargement factor, at least 1
   * @return the crop, {@code size} pixels wide and high
   * @throws IllegalArgumentException if the crop needs a larger enlargement factor, this factor is
   *     below 1 or NaN, or {@code size} is below 1
   */
  public RgbImage crop(int size, HeadCrop.Framing framing, double mostEnlargement) {
    if (!(mostEnlargement >= 1)) {
      throw new IllegalArgumentException(
          "the largest enlargement of a crop must be at least 1, got " + mostEnlargement
              + "; give 1 for a crop that is never enlarged");
    }
    HeadCrop crop = HeadCrop.of(face.box(), framing, image.width(), image.height(), size);
    double enlargement = (double) size / crop.side();
    if (enlargement > mostEnlargement) {
      String argument =
          framing == HeadCrop.Framing.HEAD_AND_SHOULDERS ? "" : "Framing." + framing + ", ";
      throw new IllegalArgumentException(String.format(
          Locale.ROOT,
          "the crop is %d pixels wide and must be enlarged %.2f times to %d pixels; allow this with"
              + " crop(%d, %s%.2f), or use a larger photo",
          crop.side(),
          enlargement,
          size,
          size,
          argument,
          Math.ceil(100 * enlargement) / 100));
    }
    return crop.of(image, size);
  }

  /**
   * Returns the factor by which a crop of head and shoulders must be enlarged to reach a size.
   *
   * @param size side of the result in pixels, at least 1
   * @return the factor; 1 or less means that the crop has enough pixels
   */
  public double enlargement(int size) {
    HeadCrop.Framing usual = HeadCrop.Framing.HEAD_AND_SHOULDERS;
    return (double) size
        / HeadCrop.of(face.box(), usual, image.width(), image.height(), size).side();
  }

  /**
   * Returns the perceptual distance to another photo. Each photo has two perceptual hashes: of the
   * whole image, and of head and shoulders. The method computes the share of different bits for
   * each of the two hashes, and returns the smaller share.
   *
   * @param other the photo to compare with
   * @return the distance, 0 (same shot) to 1
   */
  public double distance(AcceptedPhoto other) {
    return features.distance(other.features);
  }

  /**
   * Returns the face aligned to a template, such as {@link AlignmentTemplate#ARCFACE} with 112
   * pixels.
   *
   * @param template positions of the landmarks in the result
   * @return the aligned face, {@link AlignmentTemplate#size()} pixels wide and high
   * @throws IllegalArgumentException if all landmarks of the face are at one point, or if a face
   *     without landmarks has both eyes at one point
   */
  public RgbImage align(AlignmentTemplate template) {
    return template.align(image, face);
  }

  /** Returns true if name, image and face are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof AcceptedPhoto photo
        && name.equals(photo.name)
        && image.equals(photo.image)
        && face.equals(photo.face);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, image, face);
  }

  @Override
  public String toString() {
    return name;
  }
}
