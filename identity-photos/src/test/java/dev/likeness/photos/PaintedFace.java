package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RadialGradientPaint;
import java.awt.RenderingHints;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;

/**
 * A face drawn with a few ellipses, plain enough to be nobody and shaded enough for a cascade to
 * believe in.
 */
public final class PaintedFace {
  private PaintedFace() {}

  /**
   * A portrait with one face, {@code face} pixels from ear to ear, centred at ({@code x},
   * {@code y}).
   */
  public static BufferedImage portrait(int width, int height, double x, double y, double face) {
    BufferedImage image = backdrop(width, height);
    paint(image, x, y, face);
    return image;
  }

  public static RgbImage image(int width, int height, double x, double y, double face) {
    return RgbImage.of(portrait(width, height, x, y, face));
  }

  /** A backdrop without anybody. */
  public static BufferedImage backdrop(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setPaint(
        new GradientPaint(0, 0, new Color(120, 140, 160), width, height, new Color(200, 205, 210)));
    g.fillRect(0, 0, width, height);
    g.dispose();
    return image;
  }

  /** Draws one more face, {@code face} pixels from ear to ear. */
  public static void paint(BufferedImage image, double x, double y, double face) {
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.translate(x, y);
    g.scale(face / 100, face / 100);
    Color skin = new Color(224, 180, 152);
    Color shade = new Color(176, 128, 104);
    fill(g, new Color(60, 45, 35), -56, -86, 112, 130);
    fill(g, new Color(50, 70, 110), -110, 82, 220, 140);
    fill(g, shade, -22, 40, 44, 60);
    g.setPaint(new RadialGradientPaint(0, 0, 78, new float[] {0.4f, 1}, new Color[] {skin, shade}));
    g.fill(new Ellipse2D.Double(-46, -62, 92, 132));
    for (int side = -1; side <= 1; side += 2) {
      eye(g, side * 20, -12, shade);
    }
    fill(g, new Color(236, 196, 170), -5, -14, 10, 34);
    fill(g, shade, -10, 16, 20, 9);
    fill(g, new Color(110, 70, 60), -7, 20, 5, 3);
    fill(g, new Color(110, 70, 60), 2, 20, 5, 3);
    fill(g, new Color(170, 84, 84), -17, 34, 34, 11);
    fill(g, new Color(90, 40, 40), -15, 38, 30, 3);
    g.dispose();
  }

  private static void eye(Graphics2D g, double x, double y, Color shade) {
    fill(g, shade, x - 14, y - 8, 28, 16);
    g.setColor(new Color(60, 45, 35));
    g.setStroke(new BasicStroke(5));
    g.draw(new Arc2D.Double(x - 14, y - 16, 28, 14, 20, 140, Arc2D.OPEN));
    fill(g, new Color(240, 240, 240), x - 10, y - 5, 20, 10);
    fill(g, new Color(50, 35, 30), x - 5, y - 5, 10, 10);
  }

  private static void fill(
      Graphics2D g, Color color, double x, double y, double width, double height) {
    g.setColor(color);
    g.fill(new Ellipse2D.Double(x, y, width, height));
  }
}
