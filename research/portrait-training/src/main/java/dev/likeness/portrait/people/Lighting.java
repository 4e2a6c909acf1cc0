package dev.likeness.portrait.people;

/**
 * Light on surfaces: diffuse that wraps and bleeds red into shadow, highlights, rim and open sky.
 */
final class Lighting {
  private final LightRig rig;
  private final ShadowMap shadow;

  Lighting(LightRig rig, ShadowMap shadow) {
    this.rig = rig;
    this.shadow = shadow;
  }

  /** The colour of {@code s} at a place in space, seen along the z axis, into {@code out}. */
  void shade(Surface s, float x, float y, float z, float[] out) {
    float up = .5f + .5f * s.ny;
    float r = Maths.mix(rig.ground[0], rig.sky[0], up) * s.open;
    float g = Maths.mix(rig.ground[1], rig.sky[1], up) * s.open;
    float b = Maths.mix(rig.ground[2], rig.sky[2], up) * s.open;
    float shine = 0;
    float shineG = 0;
    float shineB = 0;
    float facing = Math.max(0, s.nz);
    float edge = (1 - facing) * (1 - facing);
    for (int i = 0; i < rig.lamps.length; i++) {
      float[] l = rig.lamps[i];
      float ndl = s.nx * l[0] + s.ny * l[1] + s.nz * l[2];
      float lit = i == 0 && ndl > -.35f ? shadow.lit(x, y, z, s, ndl) : 1;
      // From behind, only the rim catches it: no red glow on the near side.
      float bleed = l[2] < 0 ? .2f * s.bleed : s.bleed;
      float cover = .35f + .65f * s.open;
      float dr = wrapped(ndl, l[6] + .26f * bleed) * Maths.mix(lit, 1, .10f * bleed) * cover;
      float dg = wrapped(ndl, l[6] + .12f * bleed) * lit * cover;
      float db = wrapped(ndl, l[6] + .07f * bleed) * lit * cover;
      r += l[3] * dr;
      g += l[4] * dg;
      b += l[5] * db;
      if (s.shine > 0 && ndl > 0) {
        float k = 1 / (float) Math.sqrt(2 + 2 * l[2] + 1e-4f);
        float ndh = Math.max(0, (s.nx * l[0] + s.ny * l[1] + s.nz * (l[2] + 1)) * k);
        float h = s.shine * (.6f + 3f * edge) * power(ndh, s.gloss) * lit * s.open;
        shine += l[3] * h;
        shineG += l[4] * h;
        shineB += l[5] * h;
      }
    }
    out[0] = s.r * r + shine + s.glow;
    out[1] = s.g * g + shineG + s.glow;
    out[2] = s.b * b + shineB + s.glow;
  }

  private static float wrapped(float ndl, float wrap) {
    float d = (ndl + wrap) / (1 + wrap);
    return d <= 0 ? 0 : d;
  }

  /** x to the power of n, close enough for highlights and without a logarithm. */
  static float power(float x, float n) {
    float t = 1 - (1 - x) * n / 8;
    if (t <= 0) {
      return 0;
    }
    t *= t;
    t *= t;
    return t * t;
  }
}
