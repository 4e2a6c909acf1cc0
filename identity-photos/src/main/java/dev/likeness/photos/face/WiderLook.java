package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;
import java.util.function.Supplier;

/**
 * A second look at a picture in which only something small was found: it may be a button or a face
 * on the wall, while the person was missed.
 */
final class WiderLook {
  /** What is narrower than this share of the picture's shorter side is small. */
  private static final double SMALL = 0.2;

  private WiderLook() {}

  /**
   * {@code faces}, or where these are small those of {@code another} look, if its widest is over
   * twice as wide.
   */
  static List<Face> of(List<Face> faces, RgbImage picture, Supplier<List<Face>> another) {
    if (widest(faces) >= SMALL * Math.min(picture.width(), picture.height())) {
      return faces;
    }
    List<Face> others = another.get();
    return widest(others) > 2 * widest(faces) ? others : faces;
  }

  private static double widest(List<Face> faces) {
    return faces.stream().mapToDouble(face -> face.box().width()).max().orElse(0);
  }
}
