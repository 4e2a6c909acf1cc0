package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;

/**
 * What stands around the neck: a shirt's folded collar, a turtleneck's roll, a hood lying on the
 * shoulders.
 */
final class CollarShape {
  private static final int ROWS = 9;
  private static final int COLS = 72;

  private CollarShape() {}

  /**
   * The collar of {@code outfit}, or null where there is none. Paint coordinates: 0 to 1 from the
   * neck out, turn.
   */
  static Mesh mesh(Face face, Outfit outfit, boolean closed) {
    return switch (outfit) {
      case SUIT, SHIRT -> folded(face, closed);
      case TURTLENECK -> roll(face, .075f, -1.02f, -1.40f, .03f);
      case HOODIE -> roll(face, .20f, -1.30f, -1.66f, .16f);
      default -> null;
    };
  }

  private static Mesh folded(Face face, boolean closed) {
    Mesh mesh = new Mesh(Material.COLLAR, ROWS, COLS, false);
    float neck = 1 + .14f * face.bone(Bone.NECK) + .09f * Math.max(-.5f, face.bone(Bone.WEIGHT));
    for (int r = 0; r < ROWS; r++) {
      float t = r / (ROWS - 1f);
      float gap = closed ? .03f + .42f * t : .30f + .25f * t;
      for (int c = 0; c < COLS; c++) {
        float a = gap + (float) (2 * Math.PI - 2 * gap) * c / (COLS - 1f);
        float sin = (float) Math.sin(a);
        float cos = (float) Math.cos(a);
        float fromFront = Math.min(a, (float) (2 * Math.PI) - a);
        float point = bell((fromFront - gap) * (fromFront - gap) / .12f);
        float high =
            -1.26f - .20f * (cos > 0 ? cos : .25f * cos) - (closed ? 0 : .06f * Math.max(0, cos));
        float fold = (float) Math.sin(Math.min(1, t * 2.2f) * Math.PI / 2);
        float out = .045f + .07f * fold + .10f * t;
        float y = high + .035f * (float) Math.sin(t * Math.PI) - t * (.17f + .20f * point);
        float x = (.55f * neck + out) * sin;
        float z = -.22f + (cos > 0 ? .53f + out + .10f * t * point : .50f + out) * cos;
        mesh.put(r * COLS + c, x, y, z);
        mesh.paint(r * COLS + c, t, fromFront - gap, a);
      }
    }
    return mesh;
  }

  private static Mesh roll(Face face, float thick, float top, float bottom, float flare) {
    Mesh mesh = new Mesh(Material.COLLAR, 14, COLS, true);
    float neck = 1 + .14f * face.bone(Bone.NECK) + .09f * Math.max(-.5f, face.bone(Bone.WEIGHT));
    for (int r = 0; r < 14; r++) {
      float t = r / 13f;
      float swell = (float) Math.sin(Math.PI * Math.min(1, .12f + t));
      for (int c = 0; c < COLS; c++) {
        double a = 2 * Math.PI * c / COLS;
        float sin = (float) Math.sin(a);
        float cos = (float) Math.cos(a);
        float out = thick * (.35f + .65f * swell) + flare * t;
        float front = .10f * Math.max(0, cos) + (flare > .1f ? .16f * Math.max(0, cos) * cos : 0);
        float y = Maths.mix(top, bottom, t) - front * (flare > .1f ? 1.2f : .6f);
        mesh.put(
            r * COLS + c,
            (.545f * neck + out) * sin,
            y,
            -.21f + (cos > 0 ? .50f + out : .47f + out) * cos);
        mesh.paint(r * COLS + c, t, 9, (float) a);
      }
    }
    return mesh;
  }
}
