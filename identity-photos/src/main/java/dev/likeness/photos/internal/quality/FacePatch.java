package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.image.Resampler;

/**
 * A face at a standard size, so that what is measured on it does not depend on how large it was
 * photographed: its span (repeating the edge where the picture ends) at 160 pixels, or at its own
 * size when that is less.
 */
public final class FacePatch {
  /** The standard width and height in pixels. */
  public static final int SIDE = 160;

  private static final int LEAST = 48;

  private final RgbImage picture;
  private final Luma luma;

  private FacePatch(RgbImage picture) {
    this.picture = picture;
    this.luma = Luma.of(picture);
  }

  /** The patch of {@code face} in {@code whole}. */
  public static FacePatch of(RgbImage whole, Face face) {
    BoundingBox box = face.span();
    int side = (int) Math.max(LEAST, Math.min(SIDE, Math.round(box.width())));
    return new FacePatch(
        Resampler.CUBIC.resize(whole, box.x(), box.y(), box.width(), box.height(), side, side));
  }

  /** The patch in colour. */
  public RgbImage picture() {
    return picture;
  }

  /** Its brightness. */
  public Luma luma() {
    return luma;
  }

  /** Its width and height, in pixels; at most {@link #SIDE}. */
  public int side() {
    return picture.width();
  }

  /**
   * Whether a pixel belongs to the face's oval rather than to the box's corners, which show hair
   * and background.
   */
  public boolean inOval(int x, int y) {
    double u = (x + 0.5) / side() - 0.5;
    double v = (y + 0.5) / side() - 0.52;
    return u * u / (0.36 * 0.36) + v * v / (0.44 * 0.44) <= 1;
  }
}
