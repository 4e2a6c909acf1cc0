package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;

/**
 * The square of a picture that shows a face in some {@link Framing}, wholly inside it.
 *
 * @param x left edge, in pixels
 * @param y top edge, in pixels
 * @param side width and height, in pixels
 */
public record HeadCrop(int x, int y, int side) {
  /**
   * The crop around {@code face} in a picture of {@code width} by {@code height} pixels. Where it
   * would have fewer than {@code size} pixels it takes in more of the surroundings, as far as the
   * framing allows, rather than be enlarged.
   */
  public static HeadCrop of(BoundingBox face, Framing framing, int width, int height, int size) {
    double wanted = framing.faces() * Math.max(face.width(), face.height());
    double roomy = Math.max(wanted, Math.min(size, framing.widest() * wanted));
    int side = (int) Math.max(1, Math.min(Math.round(roomy), Math.min(width, height)));
    Point center = face.center();
    int x = (int) Math.round(center.x() - side / 2.0);
    int y = (int) Math.round(center.y() - framing.faceDown() * side);
    return new HeadCrop(
        Math.max(0, Math.min(width - side, x)), Math.max(0, Math.min(height - side, y)), side);
  }

  /** Head and shoulders at their own size. */
  public static HeadCrop of(BoundingBox face, RgbImage picture) {
    return of(face, Framing.HEAD_AND_SHOULDERS, picture.width(), picture.height(), 1);
  }

  /** The crop at {@code size} by {@code size} pixels, filtered so that nothing aliases. */
  public RgbImage of(RgbImage picture, int size) {
    return side == size
        ? picture.crop(x, y, side, side)
        : Resampler.CUBIC.resize(picture, x, y, side, side, size, size);
  }
}
