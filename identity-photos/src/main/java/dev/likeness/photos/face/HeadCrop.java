package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;

/**
 * The square crop of an image around a face in some {@link Framing}, fully inside the image.
 *
 * @param x left edge, in pixels
 * @param y top edge, in pixels
 * @param side width and height, in pixels
 */
public record HeadCrop(int x, int y, int side) {
  /**
   * The crop around {@code face} in an image of {@code width} by {@code height} pixels. Where it
   * would have fewer than {@code size} pixels it takes in more of the surroundings, as far as the
   * framing allows, rather than be enlarged.
   */
  public static HeadCrop of(BoundingBox face, Framing framing, int width, int height, int size) {
    double wanted = framing.faceMultiple() * Math.max(face.width(), face.height());
    double roomy = Math.max(wanted, Math.min(size, framing.maxExpansion() * wanted));
    int side = (int) Math.max(1, Math.min(Math.round(roomy), Math.min(width, height)));
    Point center = face.center();
    int x = (int) Math.round(center.x() - side / 2.0);
    int y = (int) Math.round(center.y() - framing.faceCenterY() * side);
    return new HeadCrop(
        Math.max(0, Math.min(width - side, x)), Math.max(0, Math.min(height - side, y)), side);
  }

  /** Head and shoulders at their own size. */
  public static HeadCrop of(BoundingBox face, RgbImage image) {
    return of(face, Framing.HEAD_AND_SHOULDERS, image.width(), image.height(), 1);
  }

  /** The crop at {@code size} by {@code size} pixels, filtered so that nothing aliases. */
  public RgbImage of(RgbImage image, int size) {
    return side == size
        ? image.crop(x, y, side, side)
        : Resampler.CUBIC.resize(image, x, y, side, side, size, size);
  }

  /** How much of a person a square crop shows. */
  public enum Framing {
    /** Brows to chin, as face encoders see it. */
    FACE(1.2, 0.5, 1),
    /** Hair to chin, as IP-Adapter's face models were trained. */
    HEAD(1.8, 0.52, 1),
    /**
     * Hair to shoulders, as headshots are framed and trained on; takes in up to 1.8 times more to
     * stay crisp.
     */
    HEAD_AND_SHOULDERS(2.6, 0.44, 1.8);

    private final double faceMultiple;
    private final double faceCenterY;
    private final double maxExpansion;

    Framing(double faces, double faceDown, double widest) {
      this.faceMultiple = faces;
      this.faceCenterY = faceDown;
      this.maxExpansion = widest;
    }

    /**
     * The crop's side in face boxes; those span ear to ear, the hair adds half of that, shoulders
     * are 2.6 wide.
     */
    double faceMultiple() {
      return faceMultiple;
    }

    /** How far down the crop the middle of the face is, 0 to 1. */
    double faceCenterY() {
      return faceCenterY;
    }

    /** How many times larger the crop may be, rather than be enlarged. */
    double maxExpansion() {
      return maxExpansion;
    }
  }
}
