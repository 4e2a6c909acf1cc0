package dev.likeness.portrait.evaluation;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;

/**
 * A hand of one colour, darker between the fingers, about 1 high and half as wide around the
 * origin.
 */
final class Hand {
  // From, to and width of wrist, thumb and fingers.
  private static final double[][] LIMBS = {
    {0, 0.1, 0.02, 0.75, 0.32},
    {-0.16, 0.12, -0.36, -0.12, 0.13},
    {-0.17, 0, -0.24, -0.42, 0.115},
    {-0.055, -0.02, -0.08, -0.54, 0.12},
    {0.06, -0.02, 0.08, -0.5, 0.115},
    {0.17, 0.02, 0.23, -0.36, 0.1}
  };

  private final Color skin;

  Hand(Color skin) {
    this.skin = skin;
  }

  void paint(Graphics2D g) {
    Color shade = new Color(skin.getRed() * 2 / 3, skin.getGreen() * 3 / 5, skin.getBlue() * 3 / 5);
    // Its far side lies in shade, as that of a palm does.
    Paint lit = new GradientPaint(-0.3f, 0, skin, 0.35f, 0.2f, shade);
    for (double[] limb : LIMBS) {
      stroke(g, limb, shade, 0.025);
      stroke(g, limb, lit, 0);
    }
    g.fill(new Ellipse2D.Double(-0.23, -0.14, 0.46, 0.46));
  }

  private static void stroke(Graphics2D g, double[] limb, Paint colour, double wider) {
    g.setPaint(colour);
    g.setStroke(
        new BasicStroke((float) (limb[4] + wider), BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    g.draw(new Line2D.Double(limb[0], limb[1], limb[2], limb[3]));
  }
}
