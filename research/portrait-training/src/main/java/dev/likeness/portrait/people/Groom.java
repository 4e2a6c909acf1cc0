package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.mix;

import java.util.Random;

/**
 * Grows the hair of the head: roots over the scalp, each strand combed, pulled down and kept
 * outside head and shoulders.
 */
final class Groom {
  private final Face face;
  private final Scalp scalp;
  private final Mesh head;
  private final Strands out;
  private final Random random;
  private final Cut cut;
  private final float width;
  private final float part;
  private final float[] p = new float[3];
  private final float[] d = new float[3];
  private final float[] way = new float[3];

  private Groom(Face face, Scalp scalp, Mesh head, Strands out, Cut cut) {
    this.face = face;
    this.scalp = scalp;
    this.head = head;
    this.out = out;
    this.cut = cut;
    random = new Random(face.person.seed() * 31 + 5);
    width = 1 + .085f * face.bone(Bone.FACE_WIDTH);
    part = !cut.parted()
        ? 0
        : (cut.fade() ? .28f : .10f) * Math.signum(face.person.parting())
            + .18f * face.person.parting();
  }

  /** Fills {@code out} with the person's hair, at rest. */
  static void hair(Face face, Scalp scalp, Mesh head, Strands out) {
    Cut cut = Cut.of(face.person);
    if (cut == null) {
      return;
    }
    Groom groom = new Groom(face, scalp, head, out, cut);
    for (int i = 0; i < cut.strands(); i++) {
      groom.strand();
    }
    Updo.add(face, groom.random, out);
  }

  private void strand() {
    int at;
    float above;
    do {
      int r = random.nextInt(HeadShape.DOME + 82);
      int c = random.nextInt(HeadShape.COLS);
      at = r * HeadShape.COLS + c;
      above = scalp.above(head.w[at], head.v[at]);
      float ring = (float) Math.hypot(head.x[at], head.z[at]);
      // What grows on the very back is never seen.
      if (random.nextFloat() > ring * (.55f + .45f * Math.abs(head.w[at]) / 3.1f)
          || head.nz[at] < -.8f) {
        above = -1;
      }
    } while (above < .01f * random.nextFloat());
    float jitter = .012f;
    float x = head.x[at] + jitter * (random.nextFloat() - .5f);
    float y = head.y[at] + jitter * (random.nextFloat() - .5f);
    if (cut.comb() == Cut.Comb.CLOUD) {
      curl(x, y, head.z[at], head.nx[at], head.ny[at], head.nz[at], above);
    } else {
      grow(x, y, head.z[at], head.nx[at], head.ny[at], head.nz[at], above);
    }
  }

  /** One small coil somewhere in the cloud that tight curls make. */
  private void curl(float x, float y, float z, float nx, float ny, float nz, float above) {
    float layer = (float) Math.sqrt(random.nextFloat());
    float side = cut.fade()
        ? .3f + .7f * Maths.smooth(-.1f, .6f, y)
        : .55f + .45f * Maths.smooth(-.2f, .5f, y);
    float bump = .8f + .4f * Maths.noise(x * 3.5f + 9, y * 3.5f + z * 3, 7);
    float off =
        cut.volume() * layer * side * bump * (.35f + .65f * Maths.smooth(0, .25f, above)) + .01f;
    HairColour hair = face.person.hairColour();
    NamedColour c = hair.colour;
    float ash = hair != HairColour.WHITE
            && random.nextFloat() < .3f * Maths.smooth(38, 62, face.person.age())
        ? .45f
        : 0;
    float shade = .75f + .4f * random.nextFloat();
    float a0 = random.nextFloat() * 6.28f;
    float radius = cut.curl() * (.6f + .8f * random.nextFloat());
    float tilt = random.nextFloat() * 2 - 1;
    for (int i = 0; i < cut.points(); i++) {
      float a = a0 + i * .95f;
      float cos = (float) Math.cos(a) * radius;
      float sin = (float) Math.sin(a) * radius;
      float drift = (i - cut.points() * .5f) * .35f * radius;
      out.point(
          i == 0,
          x + nx * off + cos + drift * ny,
          y + ny * off + sin - drift * nx * .5f,
          z + nz * off + tilt * cos,
          cut.thick());
      out.look(
          mix(c.r, .3f, ash) * shade,
          mix(c.g, .29f, ash) * shade,
          mix(c.b, .28f, ash) * shade,
          nx + cos * 6,
          ny + sin * 6,
          nz,
          .15f + .85f * layer * layer);
    }
  }

  private void grow(float x, float y, float z, float nx, float ny, float nz, float above) {
    float layer = random.nextFloat();
    float edge = Maths.smooth(0, .22f, above);
    float volume = cut.volume() * (.25f + .75f * edge) * layer + .015f;
    float length = cut.length()
        * (.72f + .28f * random.nextFloat())
        * (cut.fade() ? .30f + .70f * Maths.smooth(-.1f, .62f, y) : 1);
    float lift = cut.lift() * (.5f + .5f * layer);
    cut.comb(x, y, z, part, d);
    d[0] += nx * lift + (random.nextFloat() - .5f) * cut.mess();
    d[1] += ny * lift + (random.nextFloat() - .5f) * cut.mess();
    d[2] += nz * lift + (random.nextFloat() - .5f) * cut.mess();
    float shade =
        .80f + .22f * random.nextFloat() + .22f * (Maths.noise(x * 9 + 50, z * 9 + y * 5, 3) - .5f);
    boolean gray = random.nextFloat() < .3f * Maths.smooth(38, 62, face.person.age());
    HairColour hair = face.person.hairColour();
    NamedColour c = hair.colour;
    float ash = gray && hair != HairColour.WHITE ? .32f : 0;
    float cell = cut.clump();
    int id = Maths.hash(
        (int) Math.floor(x / cell), (int) Math.floor(y / cell), (int) Math.floor(z / cell));
    float phase = (id >>> 8) * 0x1p-24f * 6.28f + random.nextFloat() * .7f;
    float trim = .27f + .06f * random.nextFloat() - .2f * x * x;
    int n = cut.points();
    float step = length / (n - 1);
    p[0] = x;
    p[1] = y;
    p[2] = z;
    for (int i = 0; i < n; i++) {
      float t = i / (n - 1f);
      float swing = cut.curl() * Maths.smooth(0, .35f, t);
      float a = phase + cut.frequency() * t * length;
      float ox = swing * (float) Math.cos(a);
      float oz = swing * (float) Math.sin(a);
      float oy = swing * .6f * (float) Math.sin(a + 1.3f);
      out.point(i == 0, p[0] + ox, p[1] + oy, p[2] + oz, cut.thick() * (1 - .65f * t * t));
      float k = shade * (.75f + .35f * t);
      float vx = p[0] / .8f;
      float vy = Math.max(-.2f, (p[1] - .2f) / .95f);
      float vz = (p[2] + .03f) / 1f;
      float vk = 1 / (float) Math.sqrt(vx * vx + vy * vy + vz * vz + 1e-6f);
      out.look(
          mix(c.r, .3f, ash) * k,
          mix(c.g, .29f, ash) * k,
          mix(c.b, .28f, ash) * k,
          vx * vk,
          vy * vk,
          vz * vk,
          .28f + .72f * layer * (.6f + .4f * t));
      if (cut.comb() == Cut.Comb.FORWARD && p[2] > .25f && Math.abs(p[0]) < .56f && p[1] < trim) {
        return;
      }
      if (i + 1 < n) {
        advance(step, volume);
      }
    }
  }

  private void advance(float step, float volume) {
    float k = 1 / (float) Math.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 1e-6f);
    for (int c = 0; c < 3; c++) {
      d[c] *= k;
    }
    float ox = p[0];
    float oy = p[1];
    float oz = p[2];
    p[0] += d[0] * step;
    p[1] += d[1] * step;
    p[2] += d[2] * step;
    hug(0, .17f, -.03f, .765f * width + volume, .96f + volume * .8f, .985f + volume);
    if (p[1] < -1.1f) {
      outside(0, -2.5f, -.05f, 1.95f, 1.08f, .98f);
    }
    float bare = .60f * width;
    if (!cut.fringe() && p[2] > .2f && p[1] < .5f && Math.abs(p[0]) < bare) {
      float push = Maths.smooth(.55f, .25f, p[1]) * (bare - Math.abs(p[0]));
      p[0] += Math.signum(p[0] - part) * push;
    }
    d[0] = (p[0] - ox) / step;
    d[1] = (p[1] - oy) / step - cut.gravity() * step;
    d[2] = (p[2] - oz) / step;
    if (cut.comb() == Cut.Comb.GATHER || cut.comb() == Cut.Comb.BACK) {
      cut.comb(p[0], p[1], p[2], part, way);
      float k2 =
          .6f / (float) Math.sqrt(way[0] * way[0] + way[1] * way[1] + way[2] * way[2] + 1e-6f);
      for (int c = 0; c < 3; c++) {
        d[c] = d[c] * .5f + way[c] * k2;
      }
    }
  }

  /** Keeps a strand outside the skull, and near the height above it that its layer has. */
  private void hug(float cx, float cy, float cz, float ax, float ay, float az) {
    float x = (p[0] - cx) / ax;
    float y = (p[1] - cy) / ay;
    float z = (p[2] - cz) / az;
    float q = x * x + y * y + z * z;
    float pull = q < 1 ? 1 : cut.hug() * Maths.smooth(-.35f, .25f, p[1]);
    float k = 1 + pull * (1 / (float) Math.sqrt(q + 1e-6f) - 1);
    p[0] = cx + (p[0] - cx) * k;
    p[1] = cy + (p[1] - cy) * k;
    p[2] = cz + (p[2] - cz) * k;
  }

  private void outside(float cx, float cy, float cz, float ax, float ay, float az) {
    float x = (p[0] - cx) / ax;
    float y = (p[1] - cy) / ay;
    float z = (p[2] - cz) / az;
    float q = x * x + y * y + z * z;
    if (q < 1) {
      float k = 1 / (float) Math.sqrt(q + 1e-6f);
      p[0] = cx + (p[0] - cx) * k;
      p[1] = cy + (p[1] - cy) * k;
      p[2] = cz + (p[2] - cz) * k;
    }
  }
}
