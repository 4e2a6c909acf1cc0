package dev.likeness.portrait.evaluation;

import dev.likeness.photos.face.Point;
import dev.likeness.portrait.people.Bone;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Shot;

/** Where a rendered portrait shows the right of its two rims and earrings: known, not looked for. */
final class Accessories {
  // Of a face in decimetres with its eyes at height 0, as the renderer builds it.
  private static final double EYE_DEPTH = 0.55;
  private static final double EAR_DEPTH = -0.02;

  private final Shot shot;
  private final Person person;
  private final Point between;
  private final Point right;
  private final double apart;

  Accessories(Portrait portrait) {
    float[] points = portrait.landmarks();
    this.shot = portrait.shot();
    this.person = portrait.person();
    this.right = new Point(points[2], points[3]);
    this.between = new Point(points[0], points[1]).between(right);
    this.apart = Math.hypot(points[2] - points[0], points[3] - points[1]);
  }

  /** How much of a pixel lies where the rim may, 0 to 1: around the eye, between its lids and the brow. */
  double rim(int x, int y) {
    double dx = (x - right.x()) / apart;
    double dy = (y - right.y()) / apart;
    double eye = Math.hypot(dx / 0.30, dy / 0.14);
    double around = Math.hypot(dx / 0.52, (dy - 0.04) / 0.44);
    return soft(4 * (eye - 1)) * soft(8 * (1 - around)) * soft(16 * (dy + 0.33));
  }

  /** How much of a pixel lies where the earring hangs, 0 to 1. */
  double earring(int x, int y) {
    double decimetre = apart / Math.cos(shot.yaw()) / (0.63 + 0.06 * person.bone(Bone.EYE_SPACING));
    double farther = (shot.distance() - EYE_DEPTH) / (shot.distance() - EAR_DEPTH);
    double out = (0.82 + 0.067 * person.bone(Bone.FACE_WIDTH)) * Math.cos(shot.yaw())
        + (EAR_DEPTH - EYE_DEPTH) * Math.sin(shot.yaw());
    double down = 0.44 + (hoop(person) ? 0.11 : 0.03) + (EAR_DEPTH - EYE_DEPTH) * Math.sin(shot.pitch());
    double dx = (x - between.x()) / decimetre / farther;
    double dy = (y - between.y()) / decimetre / farther;
    double cos = Math.cos(shot.roll());
    double sin = Math.sin(shot.roll());
    double r = Math.hypot((cos * dx - sin * dy - out) / 0.17, (sin * dx + cos * dy - down) / 0.2);
    return soft(4 * (1 - r));
  }

  /** Whether somebody's earrings are hoops; studs are four pixels wide and often behind the lobe. */
  static boolean hoop(Person person) {
    return person.earrings() && (person.seed() & 2) == 0;
  }

  private static double soft(double v) {
    return Math.max(0, Math.min(1, v));
  }
}
