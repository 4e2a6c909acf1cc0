package dev.likeness.photos;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.quality.PhotoFeatures;

/**
 * A photo that may be used, and the face in it.
 *
 * @param name the photo's name
 * @param picture upright, sRGB, without metadata; large photos reduced as {@link ReviewOptions#decode()} says
 * @param face the person's face, in pixels of {@code picture}
 * @param features what it is compared with other photos by
 */
public record AcceptedPhoto(String name, Picture picture, Face face, PhotoFeatures features) {
  /** The picture of {@code face}, with its features measured. */
  public static AcceptedPhoto of(String name, Picture picture, Face face) {
    return new AcceptedPhoto(name, picture, face, PhotoFeatures.of(picture, face));
  }

  /**
   * Head and shoulders at {@code size} by {@code size} pixels, never enlarged.
   *
   * @throws IllegalArgumentException when the picture has fewer pixels than that around the face; names both
   */
  public Picture crop(int size) {
    return crop(size, 1);
  }

  /** Head and shoulders at {@code size} by {@code size} pixels, enlarged at most {@code mostEnlargement} times. */
  public Picture crop(int size, double mostEnlargement) {
    HeadCrop crop = frame(size);
    double enlargement = enlargement(size);
    if (enlargement > mostEnlargement) {
      throw new IllegalArgumentException(
          "a photo has %d pixels for a crop of %d, which enlarges %.2f times; allow it with crop(%d, %.2f)"
              .formatted(crop.side(), size, enlargement, size, Math.ceil(100 * enlargement) / 100));
    }
    return crop.of(picture, size);
  }

  /** How many times {@code crop(size, …)} enlarges; 1 or less means that it does not. */
  public double enlargement(int size) {
    return (double) size / frame(size).side();
  }

  private HeadCrop frame(int size) {
    return HeadCrop.of(face.box(), picture.width(), picture.height(), size);
  }
}
