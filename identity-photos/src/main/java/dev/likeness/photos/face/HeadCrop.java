package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;

/**
 * A square crop around a face, fully inside the image. The {@link Framing} sets how much of the
 * person the crop includes.
 *
 * @param x left edge, in pixels
 * @param y top edge, in pixels
 * @param side width and height, in pixels
 */
public record HeadCrop(int x, int y, int side) {
  /**
   * Returns the crop with the given framing around a face. If the crop has fewer than {@code size}
   * pixels per side, it is extended to more of the image, so that it needs less enlarging later.
   * The extension stops at this size, or at the largest factor of the framing.
   *
   * @param face the face's box, in pixels of the image
   * @param framing how much of the person the crop includes
   * @param width width of the image in pixels
   * @param height height of the image in pixels
   * @param size wanted side of the crop in pixels; with 1, the crop is never extended
   * @return the crop; its side is at most the shorter side of the image
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

  /**
   * Returns the crop of head and shoulders around a face. A small crop is not extended to get more
   * pixels.
   *
   * @param face the face's box, in pixels of {@code image}
   * @param image the image
   * @return the crop; its side is at most the shorter side of the image
   */
  public static HeadCrop of(BoundingBox face, RgbImage image) {
    return of(face, Framing.HEAD_AND_SHOULDERS, image.width(), image.height(), 1);
  }

  /**
   * Cuts the crop out of an image and resizes it with a cubic filter, without aliasing.
   *
   * @param image the image that the crop was computed for
   * @param size side of the result in pixels, at least 1
   * @return the cropped image, {@code size} pixels wide and high
   * @throws IllegalArgumentException if {@code size} is below 1
   */
  public RgbImage of(RgbImage image, int size) {
    return side == size
        ? image.crop(x, y, side, side)
        : Resampler.CUBIC.resize(image, x, y, side, side, size, size);
  }

  /** How much of a person a square crop includes. */
  public enum Framing {
    /** Brows to chin, as face embedders expect it. */
    FACE(1.2, 0.5, 1),
    /** Hair to chin, as in the training images of IP-Adapter's face models. */
    HEAD(1.8, 0.52, 1),
    /**
     * Hair to shoulders, as in headshots. The side of the crop may be extended by a factor of up to
     * 1.8, so that the crop needs less enlarging.
     */
    HEAD_AND_SHOULDERS(2.6, 0.44, 1.8);

    private final double faceMultiple;
    private final double faceCenterY;
    private final double maxExpansion;

    Framing(double faceMultiple, double faceCenterY, double maxExpansion) {
      this.faceMultiple = faceMultiple;
      this.faceCenterY = faceCenterY;
      this.maxExpansion = maxExpansion;
    }

    /**
     * The side of the crop as a multiple of the face box, which reaches from ear to ear. Hair adds
     * half of the box; shoulders are 2.6 boxes wide.
     */
    double faceMultiple() {
      return faceMultiple;
    }

    /** Vertical position of the face's centre in the crop, 0 (top) to 1. */
    double faceCenterY() {
      return faceCenterY;
    }

    /** The largest factor by which the crop may be extended to avoid enlarging the image. */
    double maxExpansion() {
      return maxExpansion;
    }
  }
}
