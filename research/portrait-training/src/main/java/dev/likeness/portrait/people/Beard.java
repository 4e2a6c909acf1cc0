package dev.likeness.portrait.people;

import java.util.Random;

/** Grows the strands of a beard or moustache; shorter stubble is only painted. */
final class Beard {
  private Beard() {}

  static void grow(Face face, Mesh head, Strands out) {
    float length =
        switch (face.person.beard()) {
          case SHORT -> .075f;
          case MOUSTACHE -> .10f;
          case GOATEE -> .16f;
          case FULL -> .19f;
          case LONG -> .62f;
          default -> 0;
        };
    if (length == 0) {
      return;
    }
    Random random = new Random(face.person.seed() * 17 + 3);
    int first = (HeadShape.DOME + 20) * HeadShape.COLS;
    int wanted = face.person.beard() == BeardStyle.MOUSTACHE ? 520 : 2600;
    for (int tries = 0, grown = 0; tries < wanted * 12 && grown < wanted; tries++) {
      int at = first + random.nextInt(head.x.length - first);
      if (Math.abs(head.w[at]) < 1.62f
          && random.nextFloat() < BeardGrowth.density(face, head.u[at], head.v[at]) * 1.1f - .1f) {
        strand(face, head, at, length, random, out);
        grown++;
      }
    }
  }

  private static void strand(Face face, Mesh head, int at, float full, Random random, Strands out) {
    float x = head.u[at];
    float y = head.v[at];
    float side = Math.signum(x);
    boolean lip = y > face.lipLine(x) && Math.abs(x) < .34f;
    boolean flowing = face.person.beard() == BeardStyle.LONG;
    float chin =
        (flowing ? .22f : .55f) + (flowing ? .95f : .65f) * Maths.smooth(.60f, .12f, Math.abs(x));
    float length = (lip ? Math.min(full, .10f) : full * chin) * (.65f + .5f * random.nextFloat());
    float dx =
        lip ? side * 1.1f : (flowing ? -.35f * x : side * .12f) + (random.nextFloat() - .5f) * .5f;
    float dy = lip ? -.55f : -1;
    float shade = .65f + .55f * random.nextFloat();
    boolean gray = random.nextFloat() < .5f * Maths.smooth(38, 66, face.person.age());
    HairColour hair = face.person.hairColour();
    NamedColour c = hair.colour;
    float ash = gray && hair != HairColour.WHITE ? .35f : 0;
    float depth = random.nextFloat();
    float lift = .35f + .5f * depth;
    float px = head.x[at];
    float py = head.y[at];
    float pz = head.z[at];
    float wave = .02f * face.person.curl() * random.nextFloat() + .006f;
    for (int i = 0; i < 4; i++) {
      float t = i / 3f;
      out.point(
          i == 0, px + wave * (float) Math.sin(9 * t + shade * 20), py, pz, .0095f * (1 - .6f * t));
      float k = shade * (.85f + .2f * t);
      out.look(
          Maths.mix(c.r, .3f, ash) * k,
          Maths.mix(c.g, .29f, ash) * k,
          Maths.mix(c.b, .28f, ash) * k,
          head.nx[at],
          head.ny[at],
          head.nz[at],
          .4f + .6f * depth);
      float step = length / 3;
      px += step * (dx * .6f + head.nx[at] * lift * (1 - .6f * t));
      py += step * (dy * .8f + head.ny[at] * lift * (1 - .6f * t));
      pz += step * (.10f + head.nz[at] * lift * (1 - .6f * t));
    }
  }
}
