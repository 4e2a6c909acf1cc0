package dev.likeness.portrait.people;

import java.util.Random;

/** Gathered hair: a bun, a ponytail over one shoulder, two braids. */
final class Updo {
  private Updo() {}

  static void add(Face face, Random random, Strands out) {
    switch (face.person.hair()) {
      case BUN -> bun(face, random, out);
      case PONYTAIL -> tail(face, random, out);
      case BRAIDS -> {
        braid(face, random, out, -1);
        braid(face, random, out, 1);
      }
      default -> {}
    }
  }

  private static void bun(Face face, Random random, Strands out) {
    for (int i = 0; i < 420; i++) {
      float tilt = (random.nextFloat() - .5f) * 1.1f;
      float a0 = random.nextFloat() * 6.28f;
      float high = (random.nextFloat() * 2 - 1) * .92f;
      float ring = (float) Math.sqrt(1 - high * high);
      float radius = .27f + .05f * random.nextFloat();
      float shade = .6f + .5f * random.nextFloat();
      for (int j = 0; j < 9; j++) {
        float a = a0 + j * .28f;
        float x = ring * (float) Math.cos(a);
        float z = ring * (float) Math.sin(a);
        float y = high + tilt * .35f * x;
        out.point(j == 0, radius * x * 1.1f, 1.26f + radius * y * .85f, -.42f + radius * z, .015f);
        look(face, out, shade, x, y, z, .55f + .45f * (radius - .27f) / .05f);
      }
    }
  }

  private static void tail(Face face, Random random, Strands out) {
    float side = face.person.parting() < 0 ? -1 : 1;
    float[][] path = {
      {side * .10f, .95f, -.95f},
      {side * .75f, .75f, -1.1f},
      {side * 1.05f, -.5f, -.6f},
      {side * .92f, -1.9f, .25f}
    };
    for (int i = 0; i < 520; i++) {
      float rx = (float) random.nextGaussian() * .5f;
      float rz = (float) random.nextGaussian() * .5f;
      float shade = .6f + .5f * random.nextFloat();
      for (int j = 0; j < 14; j++) {
        float t = j / 13f;
        float spread = .05f + .30f * Maths.smooth(0, .4f, t) * (1 - .55f * t);
        float wave = .05f * face.person.curl() * (float) Math.sin(t * 14 + rx);
        out.point(
            j == 0,
            bezier(path, 0, t) + rx * spread * .6f + wave,
            bezier(path, 1, t),
            bezier(path, 2, t) + rz * spread * .6f,
            .015f);
        look(face, out, shade, rx + side * .4f, .3f, rz + .3f, .5f + .5f * Maths.clamp(rz, 0, 1));
      }
    }
  }

  private static void braid(Face face, Random random, Strands out, float side) {
    float[][] path = {
      {side * .74f, -.38f, -.10f},
      {side * .86f, -.95f, .02f},
      {side * .80f, -1.4f, .30f},
      {side * .66f, -2.4f, .95f}
    };
    for (int bundle = 0; bundle < 3; bundle++) {
      for (int i = 0; i < 60; i++) {
        float rx = (float) random.nextGaussian() * .032f;
        float rz = (float) random.nextGaussian() * .032f;
        float shade = .6f + .5f * random.nextFloat();
        for (int j = 0; j < 64; j++) {
          float t = j / 63f;
          float a = t * 30 + bundle * 2.094f;
          float big = 1 - .45f * t;
          float wx = .085f * (float) Math.sin(a) * big;
          float wz = .055f * (float) Math.sin(2 * a) * big;
          out.point(
              j == 0,
              bezier(path, 0, t) + wx + rx * big,
              bezier(path, 1, t),
              bezier(path, 2, t) + wz + rz * big,
              .014f);
          look(
              face,
              out,
              shade,
              wx * 8 + rx * 12,
              .1f,
              .6f + wz * 8 + rz * 10,
              .45f + .55f * Maths.clamp((wz + rz) * 7 + .5f, 0, 1));
        }
      }
    }
  }

  private static float bezier(float[][] p, int c, float t) {
    float s = 1 - t;
    return s * s * s * p[0][c]
        + 3 * s * s * t * p[1][c]
        + 3 * s * t * t * p[2][c]
        + t * t * t * p[3][c];
  }

  private static void look(
      Face face, Strands out, float shade, float x, float y, float z, float open) {
    NamedColour c = face.person.hairColour().colour;
    float k = 1 / (float) Math.sqrt(x * x + y * y + z * z + 1e-6f);
    out.look(c.r * shade, c.g * shade, c.b * shade, x * k, y * k, z * k, open);
  }
}
