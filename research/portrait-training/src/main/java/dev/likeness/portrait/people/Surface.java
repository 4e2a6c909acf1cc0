package dev.likeness.portrait.people;

/** What one sample looks like before light falls on it; reused from sample to sample. */
final class Surface {
  float r;
  float g;
  float b;
  float nx;
  float ny;
  float nz;
  /** Strength of the highlight. */
  float shine;
  /** Sharpness of the highlight, an exponent. */
  float gloss;
  /** How far light bleeds around the edge of shadow, 0 to 1; only skin has any. */
  float bleed;
  /** Light that reaches the place from everywhere, 0 to 1. */
  float open;
  /** Light of its own, added last. */
  float glow;

  void colour(float red, float green, float blue) {
    r = red;
    g = green;
    b = blue;
  }

  void scale(float k) {
    r *= k;
    g *= k;
    b *= k;
  }

  void blend(float red, float green, float blue, float t) {
    r += (red - r) * t;
    g += (green - g) * t;
    b += (blue - b) * t;
  }

  void bend(float dx, float dy, float dz) {
    nx += dx;
    ny += dy;
    nz += dz;
  }

  void unit() {
    float k = 1 / (float) Math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9f);
    nx *= k;
    ny *= k;
    nz *= k;
  }
}
