package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;

/** Colours as skin is known by. */
final class SkinColour {
  private SkinColour() {}

  /** How red and how blue a pixel is against green, and how light, in natural logarithms. */
  static double[] of(RgbImage p, int x, int y) {
    double r = p.at(x, y, 0) + 8;
    double g = p.at(x, y, 1) + 8;
    double b = p.at(x, y, 2) + 8;
    return new double[] {Math.log(r / g), Math.log(b / g), Math.log((r + g + b) / 3)};
  }
}
