package dev.likeness.headshots.report;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import java.util.Base64;

/** Reduced images that are part of an HTML page. */
final class Thumbnail {
  private Thumbnail() {}

  /** The image, reduced to sides of at most {@code side} pixels. */
  static RgbImage fit(RgbImage image, int side) {
    return Math.max(image.width(), image.height()) <= side
        ? image
        : Resampler.AREA.fit(image, side);
  }

  /** A PNG file as the source of an HTML image. */
  static String dataUri(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }
}
