package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;
import static dev.likeness.portrait.people.Maths.mix;
import static dev.likeness.portrait.people.Maths.noise;
import static dev.likeness.portrait.people.Maths.smooth;

/** Lips, the line between them, and teeth where they part. */
final class LipPaint {
  private final Face face;
  private final float red;
  private final float green;
  private final float blue;
  private final float gloss;

  LipPaint(Face face, SkinPaint skin) {
    this.face = face;
    Person p = face.person;
    boolean woman = p.sex() == Sex.WOMAN;
    int stick = woman ? (int) (p.seed() >>> 3 & 3) : 0;
    float natural = woman ? .70f : .52f;
    float r = mix(skin.red(), mix(.52f, .20f, p.melanin()), natural);
    float g = mix(skin.green() * .62f, mix(.17f, .06f, p.melanin()), natural);
    float b = mix(skin.blue() * .75f, mix(.16f, .055f, p.melanin()), natural);
    float deep = mix(1, .5f, p.melanin());
    red = deep * (stick == 1 ? .46f : stick == 2 ? .50f : r / deep);
    green = deep * (stick == 1 ? .035f : stick == 2 ? .13f : g / deep);
    blue = deep * (stick == 1 ? .045f : stick == 2 ? .17f : b / deep);
    gloss = stick == 0 ? .05f : .12f;
  }

  /** Paints over {@code s} whatever of the mouth lies at ({@code x}, {@code y}). */
  void paint(Surface s, float x, float y) {
    float m = x / face.mouthHalf;
    if (m * m >= 1.1f || Math.abs(y - face.mouthY) > .3f) {
      return;
    }
    float line = face.lipLine(x);
    float gap = face.lipGap(x);
    float up = y - line - gap;
    float down = line - gap - y;
    float arc = Math.max(0, 1 - m * m);
    float bow = 1
        + (.20f + .2f * face.bone(Bone.CUPIDS_BOW))
            * (bell((Math.abs(m) - .25f) / .14f * ((Math.abs(m) - .25f) / .14f))
                - bell(m * m / (.08f * .08f)));
    float upper = face.upperLip * (float) Math.sqrt(arc) * (.55f + .45f * arc) * bow;
    float lower = face.lowerLip * (float) Math.sqrt(arc) * (.45f + .55f * arc);
    float soft = .016f;
    if (up < 0 && down < 0 && gap > .004f) {
      inside(s, x, y, line + gap, line - gap);
      return;
    }
    boolean top = up >= 0;
    float cover = top
        ? smooth(upper + soft * .5f, upper - soft, up)
        : smooth(lower + soft, lower - soft, down);
    if (arc > 0 && cover > 0) {
      float streak = .9f + .2f * noise(x * 60, y * 8, 5);
      float k = (top ? .80f : 1.04f) * streak;
      s.blend(red * k, green * k, blue * k, .92f * cover);
      s.shine = mix(s.shine, gloss + (top ? 0 : .05f), cover);
      s.gloss = mix(s.gloss, 26, cover);
      s.bend(0, (top ? -.25f : .35f * (1 - 2 * down / Math.max(lower, .01f))) * cover, 0);
    }
    float seam = gap > .004f
        ? 0
        : bell((y - line) / .013f * ((y - line) / .013f)) * smooth(1.06f, .9f, Math.abs(m));
    s.blend(red * .16f, green * .10f, blue * .10f, .88f * seam);
  }

  private void inside(Surface s, float x, float y, float top, float bottom) {
    s.bleed = .2f;
    s.bend(0, 0, .5f);
    float depth = top - bottom;
    boolean laughing = face.smile > .3f;
    float teeth = laughing ? Math.min(.105f, depth * .82f) : Math.min(.05f, depth * .3f);
    float fromTop = top - y;
    if (fromTop < teeth) {
      float edge = Math.abs(x) / .058f;
      float seam = 1 - .22f * smooth(.40f, .5f, Math.abs(edge - (float) Math.floor(edge) - .5f));
      float side = 1 - .55f * (x / face.mouthHalf) * (x / face.mouthHalf);
      float lip = .62f + .38f * smooth(0, .03f, fromTop);
      float k = seam * side * lip * (1 - .12f * face.age);
      s.colour(.84f * k, .79f * k, .70f * k);
      s.shine = .1f;
      s.gloss = 40;
    } else {
      float tongue = smooth(bottom + .09f, bottom + .01f, y);
      s.colour(.05f + .16f * tongue, .008f + .035f * tongue, .008f + .035f * tongue);
      s.shine = 0;
    }
  }
}
