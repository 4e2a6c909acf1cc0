package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.photos.face.Point;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.training.WornPicture;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/**
 * Flaws that need what a render knows of the person: where the eyes look, what is worn, the colour
 * of the skin.
 */
record PersonFlaws(FlawCanvas canvas) {
  // At this the renderer's eyes have turned as far as they do.
  private static final double FARTHEST_GAZE = 1.24;

  /**
   * The right eye alone turned from the lens to the side that the head is turned to, where an eye
   * has most room.
   */
  RgbImage squinting(double share) {
    double turn = (canvas.portrait.shot().pose().yaw() < 0 ? -1 : 1) * FARTHEST_GAZE * share;
    Shot turned = canvas.portrait.shot().withGaze((float) turn, 0);
    RgbImage other =
        Renderer.render(canvas.portrait.person(), turned, canvas.image.width()).image();
    Point eye = canvas.map.rightEye();
    return canvas.each((x, y, c, v) ->
        Math.hypot(x - eye.x(), y - eye.y()) < 0.45 * canvas.map.apart ? other.at(x, y, c) : v);
  }

  /** The one of a pair that is on the image's right faded away. */
  RgbImage oneOf(PairNetwork.Accessory worn, double share) {
    return WornPicture.of(canvas.portrait, worn).with(1, 1 - share);
  }

  /**
   * A hand that comes in from below, beside the chin or the shoulder, as large as the share says.
   */
  RgbImage handed(double share) {
    int side = (canvas.portrait.person().seed() & 1) == 0 ? 1 : -1;
    boolean chin = (canvas.portrait.person().seed() & 2) == 0;
    double unit = share * canvas.width();
    double x = canvas.faceX() + side * (chin ? 0.5 : 0.85) * canvas.width();
    double y = chin ? canvas.chin() : canvas.image.height() - 0.3 * unit;
    BufferedImage image = canvas.image.toBufferedImage();
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.translate(x, y);
    g.rotate(side * -0.25);
    g.scale(side * unit, unit);
    new Hand(skinColour()).paint(g);
    g.dispose();
    return RgbImage.of(image);
  }

  private Color skinColour() {
    double all = 0;
    double[] sum = new double[3];
    for (int y = 0; y < canvas.image.height(); y++) {
      for (int x = 0; x < canvas.image.width(); x++) {
        all += canvas.map.skin(x, y);
        for (int c = 0; c < 3; c++) {
          sum[c] += canvas.map.skin(x, y) * canvas.image.at(x, y, c);
        }
      }
    }
    return new Color((int) (sum[0] / all), (int) (sum[1] / all), (int) (sum[2] / all));
  }
}
