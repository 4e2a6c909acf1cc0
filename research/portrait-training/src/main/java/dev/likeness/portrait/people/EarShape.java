package dev.likeness.portrait.people;

/**
 * One ear: a bowl with a rim, standing out from the side of the head. Paint coordinates: distance
 * from its middle, angle.
 */
final class EarShape {
  private static final int RINGS = 12;
  private static final int COLS = 28;

  private EarShape() {}

  /**
   * The ear on {@code side} -1 (image's left) or 1, seated where {@code headX} says the head's side
   * is.
   */
  static Mesh mesh(Face face, int side, float headX) {
    Mesh mesh = new Mesh(Material.EAR, RINGS, COLS, true);
    float size = 1 + .16f * face.bone(Bone.EAR_SIZE) + .12f * face.age;
    float turn = (float) Math.toRadians(62 - 14 * face.bone(Bone.EAR_OUT));
    float back = (float) Math.sin(turn);
    float out = (float) Math.cos(turn);
    for (int r = 0; r < RINGS; r++) {
      float t = r / (RINGS - 1f);
      for (int c = 0; c < COLS; c++) {
        double a = c * 2 * Math.PI / COLS;
        float up = (float) Math.sin(a);
        float across = (float) Math.cos(a);
        // Broad at the top, narrow at the lobe.
        float wide = .155f * (1 + .22f * up) * size;
        float e = across * wide * t + .12f;
        float h = up * t * .31f * size;
        float rim =
            .045f * Maths.bell((t - .82f) / .13f * ((t - .82f) / .13f)) * (up > -.55f ? 1 : .4f)
                - .05f * Maths.bell(across * t + .2f, up * t + .1f, .3f, .35f)
                + .03f * Maths.bell(across * t + .15f, up * t - .25f, .22f, .5f);
        float x = headX - .045f + e * out + rim * back;
        float z = -.10f - e * back + rim * out;
        int at = r * COLS + c;
        mesh.put(at, side * x, -.13f + h + .25f * (.12f - e) * -.2f, z);
        mesh.paint(at, t, up * t, side);
      }
    }
    return mesh;
  }
}
