package dev.likeness.photos.face;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.pixels.Resampler;

/**
 * The square of a picture that shows head and shoulders, wholly inside it.
 *
 * @param x left edge, in pixels
 * @param y top edge, in pixels
 * @param side width and height, in pixels
 */
public record HeadCrop(int x, int y, int side) {
  // Face boxes span ear to ear; the hair adds half of that, the shoulders are about 2.6 wide.
  private static final double FRAMING = 2.6;
  private static final double FACE_DOWN = 0.44;
  private static final double WIDEST = 1.8;

  /**
   * The crop around {@code face} in a picture of {@code width} by {@code height} pixels. Where it would have fewer than
   * {@code size} pixels it takes in more of the surroundings, up to 1.8 times, rather than be enlarged.
   */
  public static HeadCrop of(Box face, int width, int height, int size) {
    double wanted = FRAMING * Math.max(face.width(), face.height());
    double roomy = Math.max(wanted, Math.min(size, WIDEST * wanted));
    int side = (int) Math.max(1, Math.min(Math.round(roomy), Math.min(width, height)));
    Point center = face.center();
    int x = (int) Math.round(center.x() - side / 2.0);
    int y = (int) Math.round(center.y() - FACE_DOWN * side);
    return new HeadCrop(Math.max(0, Math.min(width - side, x)), Math.max(0, Math.min(height - side, y)), side);
  }

  /** The crop at {@code size} by {@code size} pixels, filtered so that nothing aliases. */
  public Picture of(Picture picture, int size) {
    return side == size ? picture.crop(x, y, side, side)
        : Resampler.CUBIC.resize(picture, x, y, side, side, size, size);
  }
}
