package dev.likeness.portrait.people;

/**
 * A headscarf: cloth over the head with an opening for the face, falling over neck and shoulders.
 */
final class ScarfShape {
  private static final Tint[] TINTS = {
    Tint.BLACK,
    Tint.WHITE,
    Tint.NAVY,
    Tint.TEAL,
    Tint.PINK,
    Tint.BEIGE,
    Tint.BURGUNDY,
    Tint.PURPLE,
    Tint.LIGHT_BLUE,
    Tint.OLIVE
  };
  private static final int SKIRT = 44;

  private ScarfShape() {}

  /** The colour of the scarf a person wears. */
  static Tint tint(Person person) {
    return TINTS[Math.floorMod(person.seed() * 13 + 4, TINTS.length)];
  }

  /** The scarf over {@code head}, which is already in its pose. */
  static Mesh mesh(Face face, Mesh head) {
    int cols = HeadShape.COLS;
    int covered = HeadShape.ROWS - 16;
    Mesh mesh = new Mesh(Material.SCARF, covered + SKIRT, cols, true);
    for (int i = 0; i < covered * cols; i++) {
      float off = .075f + .02f * Maths.noise(head.w[i] * 4, head.v[i] * 3, 3);
      mesh.put(
          i,
          head.x[i] + head.nx[i] * off,
          head.y[i] + head.ny[i] * off,
          head.z[i] + head.nz[i] * off);
      mesh.paint(i, head.u[i], head.v[i], head.w[i]);
    }
    for (int r = 0; r < SKIRT; r++) {
      float t = (r + 1f) / SKIRT;
      for (int c = 0; c < cols; c++) {
        drape(mesh, head, (covered + r) * cols + c, (covered - 1) * cols + c, t);
      }
    }
    return mesh;
  }

  /** True where the scarf leaves the face bare. */
  static boolean opening(float x, float y, float turn) {
    float ex = x / .62f;
    float ey = (y + .28f) / .92f;
    return Math.abs(turn) < 1.5f && ex * ex + ey * ey < 1;
  }

  private static void drape(Mesh mesh, Mesh head, int at, int from, float t) {
    float turn = head.w[from];
    float sin = (float) Math.sin(turn);
    float cos = (float) Math.cos(turn);
    float fold = .03f * (float) Math.sin(turn * 9 + 5 * t) + .02f * (float) Math.sin(turn * 17);
    float flare = .72f + 1.1f * Maths.smooth(.15f, .95f, t) + fold;
    float x = sin * flare;
    float z = -.1f + (.66f + .46f * t + fold) * cos;
    float front = Math.max(0, cos);
    float y = -1.05f - .95f * t - .22f * t * front;
    float join = Maths.smooth(0, .35f, t);
    mesh.put(
        at,
        Maths.mix(mesh.x[from], x, join),
        Maths.mix(mesh.y[from], y, Math.max(join, t)) - .17f * front * (1 - t),
        Maths.mix(mesh.z[from], z, join));
    mesh.paint(at, x, y - 2, turn);
  }

  static void paint(Surface s, Person person, float x, float y, float turn) {
    NamedColour t = tint(person).colour;
    float weave = .93f + .14f * Maths.noise(x * 50, y * 50, 7);
    s.colour(t.r * weave, t.g * weave, t.b * weave);
    float fold = Maths.noise(turn * 5 + y * 2.5f, y * 1.2f - turn * .8f, (int) person.seed()) - .5f;
    s.bend(.5f * fold, .2f * fold, 0);
    s.shine = .04f;
    s.gloss = 9;
    s.bleed = 0;
    s.glow = 0;
  }
}
