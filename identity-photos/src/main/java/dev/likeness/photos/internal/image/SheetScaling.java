package dev.likeness.photos.internal.image;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** Makes pictures smaller without jagged edges: by halves until one interpolation does the rest. */
final class SheetScaling {
  private SheetScaling() {}

  static BufferedImage to(BufferedImage image, int width, int height) {
    BufferedImage now = image;
    while (now.getWidth() >= 2 * width && now.getHeight() >= 2 * height) {
      now = scaled(now, now.getWidth() / 2, now.getHeight() / 2);
    }
    return now.getWidth() == width && now.getHeight() == height ? now : scaled(now, width, height);
  }

  private static BufferedImage scaled(BufferedImage image, int width, int height) {
    BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = out.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION,
        width > image.getWidth()
            ? RenderingHints.VALUE_INTERPOLATION_BICUBIC
            : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return out;
  }
}
