package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.portrait.people.Glasses;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;

/**
 * A render of somebody, and the same without what they wear.
 *
 * @param with what was rendered
 * @param bare the same, unadorned
 * @param worn whose share is to be changed
 */
public record WornPicture(Portrait with, RgbImage bare, PairNetwork.Accessory worn) {
  // Against the distance of the eyes: rims end above, hoops begin below.
  private static final double BELOW_GLASSES = 0.5;
  /** A pixel shows it when one of its colours is changed by so much. */
  private static final int PLAIN = 16;
  /** So many such pixels are plain to see. */
  private static final double ENOUGH = 15;

  /** The portrait, and the same rendered again without. */
  public static WornPicture of(Portrait portrait, PairNetwork.Accessory worn) {
    Person unadorned = portrait.person().unadorned();
    return new WornPicture(
        portrait,
        Renderer.render(unadorned, portrait.shot(), portrait.image().width()).image(),
        worn);
  }

  /** Whether somebody wears it where it can be seen: studs and hoops under hair do not count. */
  public static boolean isWorn(Person person, PairNetwork.Accessory worn) {
    return worn == PairNetwork.Accessory.GLASSES
        ? person.glasses() != Glasses.NONE
        : person.hoops() && person.hair().showsEars();
  }

  /** With so much of it on the left and on the right, 0 to 1. */
  public RgbImage with(double left, double right) {
    RgbImage full = with.image();
    byte[] rgb = new byte[3 * full.width() * full.height()];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % full.width();
      int y = i / 3 / full.width();
      double share = isOf(x, y) ? side(x, y) > 0 ? right : left : 1;
      int without = bare.at(x, y, i % 3);
      rgb[i] = (byte) Math.round(without + share * (full.at(x, y, i % 3) - without));
    }
    return RgbImage.of(full.width(), full.height(), rgb);
  }

  /**
   * Whether it is plain to see on a side, right 1 and left -1: 0 where it is hidden, 1 where it is.
   */
  public double visible(int side) {
    int plain = 0;
    RgbImage full = with.image();
    for (int y = 0; y < full.height(); y++) {
      for (int x = 0; x < full.width(); x++) {
        plain += side * side(x, y) > 0 && isOf(x, y) && differs(x, y) ? 1 : 0;
      }
    }
    return Math.min(1, plain / ENOUGH);
  }

  private boolean differs(int x, int y) {
    for (int c = 0; c < 3; c++) {
      if (Math.abs(with.image().at(x, y, c) - bare.at(x, y, c)) > PLAIN) {
        return true;
      }
    }
    return false;
  }

  private boolean isOf(int x, int y) {
    float[] p = with.landmarks();
    double apart = Math.hypot(p[2] - p[0], p[3] - p[1]);
    double below = ((y - p[1]) * (p[2] - p[0]) - (x - p[0]) * (p[3] - p[1])) / (apart * apart);
    return below < BELOW_GLASSES == (worn == PairNetwork.Accessory.GLASSES);
  }

  private double side(int x, int y) {
    float[] p = with.landmarks();
    return (2 * x - p[0] - p[2]) * (p[2] - p[0]) + (2 * y - p[1] - p[3]) * (p[3] - p[1]);
  }
}
