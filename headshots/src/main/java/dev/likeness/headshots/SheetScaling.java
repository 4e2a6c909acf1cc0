package dev.likeness.headshots;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** Makes pictures smaller without jagged edges: by halves until one interpolation does the rest. */
final class SheetScaling {
  private SheetScaling() {}

  static BufferedImage to(BufferedImage image, int side) {
    BufferedImage now = image;
    while (now.getWidth() >= 2 * side) {
      now = scaled(now, now.getWidth() / 2);
    }
    return now.getWidth() == side ? now : scaled(now, side);
  }

  private static BufferedImage scaled(BufferedImage image, int side) {
    BufferedImage out = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = out.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, side > image.getWidth()
        ? RenderingHints.VALUE_INTERPOLATION_BICUBIC : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, side, side, null);
    graphics.dispose();
    return out;
  }
}
