package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.clamp;
import static dev.likeness.portrait.people.Maths.noise;
import static dev.likeness.portrait.people.Maths.smooth;

/**
 * Eyes, painted between the lids: white, iris, pupil, the light in it, lashes and the fold above.
 */
final class EyePaint {
  private final Face face;
  private final SkinPaint skin;
  private final NamedColour colour;
  private final float gazeX;
  private final float gazeY;
  private final float glint;
  private final float lash;
  private final float makeup;

  EyePaint(Face face, Shot shot, SkinPaint skin) {
    this.face = face;
    this.skin = skin;
    colour = face.person.eyes().colour;
    gazeX = shot.irisX();
    gazeY =
        clamp(.5f * (float) Math.sin(shot.pose().pitch()) + .2f * shot.gaze().y(), -.16f, .16f);
    glint = shot.lighting().side() * .36f;
    boolean woman = face.person.sex() == Sex.WOMAN;
    lash = woman ? .135f : .075f;
    makeup = woman ? .35f + .35f * (face.person.seed() & 1) : 0;
  }

  /** Paints over {@code s} whatever of an eye lies at ({@code x}, {@code y}). */
  void paint(Surface s, float x, float y) {
    float side = x < 0 ? -1 : 1;
    float ex = (side * x - face.eyeX) / face.eyeHalf;
    if (ex < -1.5f || ex > 1.6f) {
      return;
    }
    float ey = y / face.eyeHalf - face.eyeSlope * ex;
    if (ey < -1 || ey > 1.2f) {
      return;
    }
    float t = Math.max(0, 1 - ex * ex);
    float upper =
        face.lidUp * (float) Math.sqrt(t) * (.35f + .65f * (float) Math.sqrt(t)) * (1 - .14f * ex);
    float lower = -face.lidLow * (float) Math.sqrt(t) * (.3f + .7f * t) * (1 + .2f * ex);
    if (ex > -1 && ex < 1 && ey < upper && ey > lower) {
      ball(s, side, ex, ey, upper, lower);
    } else {
      lids(s, ex, ey, upper, lower);
    }
  }

  private void ball(Surface s, float side, float ex, float ey, float upper, float lower) {
    s.bleed = .3f;
    s.shine = .0f;
    s.gloss = 60;
    float shade = 1 - .45f * smooth(.2f, 0, upper - ey) - .12f * smooth(.07f, 0, ey - lower);
    float corner = 1 - .30f * ex * ex;
    float white = Maths.mix(.68f, .5f, face.person.melanin()) * corner;
    s.colour(white, .92f * white * (ex < -.8f ? .66f : 1), .87f * white * (ex < -.8f ? .66f : 1));
    float ix = ex * side - gazeX;
    float iy = ey - gazeY - .075f;
    float d = (float) Math.sqrt(ix * ix + iy * iy) / .42f;
    if (d < 1.06f) {
      float fibre = .75f + .5f * noise((float) Math.atan2(iy, ix) * 5, d * 2.2f, 11);
      float ring = 1 - .62f * smooth(.78f, 1, d);
      float low = 1.25f - .8f * iy / .4f;
      float k = 1.0f * fibre * ring * low;
      float model = smooth(.34f, .44f, d);
      float edge = smooth(1.06f, .96f, d);
      s.blend(
          colour.r * k * model + .004f,
          colour.g * k * model + .004f,
          colour.b * k * model + .004f,
          edge);
    }
    s.scale(shade);
    s.nx = s.nx * .7f + ex * side * .3f;
    s.ny = s.ny * .75f + .15f;
    float gx = ix - glint * .45f;
    float gy = iy - .17f;
    float spot = smooth(.125f, .075f, (float) Math.sqrt(gx * gx + gy * gy));
    float second = .3f * smooth(.08f, .04f, (float) Math.hypot(ix + glint * .5f, iy + .16f));
    s.glow = (.85f * spot + second) * smooth(0, .05f, upper - ey);
  }

  private void lids(Surface s, float ex, float ey, float upper, float lower) {
    float above = ey - upper;
    float wing = smooth(-1.15f, -.6f, ex) * smooth(1.28f, 1f, ex);
    float line = lash * (.55f + .6f * smooth(-.5f, .9f, ex));
    if (above >= 0) {
      float dark = smooth(line, line * .35f, above) * wing;
      float fold = upper + .10f + .11f * Math.max(-.3f, face.crease) - ey + .05f * ex * ex;
      float crease = .50f
          * smooth(-.35f, .25f, face.crease)
          * smooth(.075f, .0f, Math.abs(fold))
          * smooth(-1.1f, -.7f, ex)
          * smooth(1.25f, .8f, ex);
      float shadow =
          makeup * smooth(.5f, .08f, above) * smooth(-1.2f, -.5f, ex) * smooth(1.3f, .9f, ex);
      s.blend(
          skin.red() * .42f,
          skin.green() * .30f,
          skin.blue() * .30f,
          Math.min(.8f, crease + .55f * shadow));
      s.blend(.012f, .009f, .008f, dark * .94f);
      s.shine *= 1 - dark;
    } else if (ey < lower) {
      float below = lower - ey;
      float rim = smooth(.085f, .02f, below) * smooth(-1.1f, -.8f, ex) * smooth(1.2f, 1, ex);
      s.blend(skin.red() * .60f, skin.green() * .36f, skin.blue() * .34f, .75f * rim);
      s.blend(.02f, .014f, .012f, .4f * makeup * rim);
    }
  }
}
