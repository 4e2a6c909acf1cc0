package dev.likeness.portrait.people;

/** The frame of the glasses: two rims, a bridge and the arms to the ears. */
final class GlassesShape {
  private static final float[][] COLOURS = {
    {.015f, .015f, .017f},
    {.10f, .045f, .02f},
    {.45f, .30f, .10f},
    {.03f, .05f, .16f},
    {.22f, .02f, .03f},
    {.30f, .30f, .31f}
  };
  private final Strands out;
  private final float[] colour;

  private GlassesShape(Strands out, float[] colour) {
    this.out = out;
    this.colour = colour;
  }

  static void build(Face face, Mesh head, Strands out) {
    Glasses style = face.person.glasses();
    if (style == Glasses.NONE) {
      return;
    }
    float[] colour = COLOURS[Math.floorMod(face.person.seed() * 7, COLOURS.length)];
    int bridge = head.closest(0, .0f, 1);
    float z = head.z[bridge] + .05f;
    float thick = style == Glasses.RIMLESS ? .009f : .019f;
    GlassesShape shape = new GlassesShape(out, style == Glasses.RIMLESS ? COLOURS[5] : colour);
    float scale = 1 + .085f * face.bone(Bone.FACE_WIDTH);
    for (int side = -1; side <= 1; side += 2) {
      shape.rim(style, side, face.eyeX * scale + .012f, z, thick);
      float outer = face.eyeX * scale + .012f + halfWidth(style);
      float bent = z - .22f * outer * outer;
      shape.line(side * outer, .02f, bent, side * .80f * scale, .03f, .0f, thick, 7);
    }
    float inner = face.eyeX * scale + .012f - halfWidth(style);
    for (int i = 0; i <= 6; i++) {
      float t = i / 3f - 1;
      shape.point(i == 0, inner * t, .035f - .03f * t * t, z + .01f, thick);
    }
  }

  private static float halfWidth(Glasses style) {
    return style == Glasses.ROUND ? .205f : .235f;
  }

  private void rim(Glasses style, int side, float x, float z, float thick) {
    float power = style == Glasses.ROUND ? 1 : style == Glasses.CAT_EYE ? .72f : .55f;
    float high = style == Glasses.ROUND ? .20f : .155f;
    for (int i = 0; i <= 36; i++) {
      double a = i * Math.PI * 2 / 36;
      float cx = (float) (Math.signum(Math.cos(a)) * Math.pow(Math.abs(Math.cos(a)), power))
          * halfWidth(style);
      float cy = (float) (Math.signum(Math.sin(a)) * Math.pow(Math.abs(Math.sin(a)), power)) * high;
      if (style == Glasses.CAT_EYE) {
        cy += .075f * Maths.smooth(-.05f, .25f, cx) * (cy > 0 ? 1 : .2f);
      }
      float px = side * (x + cx);
      point(i == 0, px, -.035f + cy, z - .22f * px * px, thick);
    }
  }

  private void line(
      float x0, float y0, float z0, float x1, float y1, float z1, float thick, int n) {
    for (int i = 0; i <= n; i++) {
      float t = i / (float) n;
      point(i == 0, Maths.mix(x0, x1, t), Maths.mix(y0, y1, t), Maths.mix(z0, z1, t), thick);
    }
  }

  private void point(boolean start, float x, float y, float z, float thick) {
    out.point(start, x, y, z, thick);
    out.look(colour[0], colour[1], colour[2], Math.signum(x) * .25f, .3f, .9f, 1);
  }
}
