package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;
import static dev.likeness.portrait.people.Maths.mix;
import static dev.likeness.portrait.people.Maths.noise;
import static dev.likeness.portrait.people.Maths.smooth;

/** The colour of skin and what time and sun do to it, over the whole head, neck and chest. */
final class SkinPaint {
  private static final float[] KNOTS = {0, .27f, .52f, .77f, 1};
  private static final float[] RED = {.84f, .68f, .50f, .30f, .155f};
  private static final float[] GREEN = {.60f, .41f, .265f, .142f, .073f};
  private static final float[] BLUE = {.50f, .285f, .155f, .075f, .044f};
  private final Face face;
  private final HeadShape shape;
  private final Scalp scalp;
  private final EyePaint eyes;
  private final LipPaint lips;
  private final int seed;
  private final float red;
  private final float green;
  private final float blue;
  private final float stubble;
  private final float hairCover;

  SkinPaint(Face face, HeadShape shape, Scalp scalp, Shot shot) {
    this.face = face;
    this.shape = shape;
    this.scalp = scalp;
    Person p = face.person;
    seed = (int) p.seed();
    float m = p.melanin();
    float tone = 1 + .05f * p.undertone();
    red = Maths.curve(m, KNOTS, RED);
    green = Maths.curve(m, KNOTS, GREEN) * tone;
    blue = Maths.curve(m, KNOTS, BLUE) * (2 - tone) * (1 - .12f * p.undertone());
    eyes = new EyePaint(face, shot, this);
    lips = new LipPaint(face, this);
    stubble = switch (p.beard()) {
      case NONE -> p.sex() == Sex.MAN ? .10f : 0;
      case STUBBLE -> .62f;
      case SHORT -> .75f;
      case FULL, LONG -> .85f;
      default -> .15f;
    };
    hairCover = switch (p.hair()) {
      case BALD -> p.sex() == Sex.MAN ? .12f : 0;
      case BUZZ -> .82f;
      default -> .96f;
    };
  }

  float red() {
    return red;
  }

  float green() {
    return green;
  }

  float blue() {
    return blue;
  }

  /** Plain skin, of the neck and the chest. */
  void plain(Surface s, float x, float y) {
    float mottle = .96f + .08f * noise(x * 9, y * 9, seed);
    s.colour(red * mottle * .97f, green * mottle * .94f, blue * mottle * .94f);
    s.shine = .05f;
    s.gloss = 14;
    s.bleed = 1;
    s.glow = 0;
    if (face.age > .35f) {
      float line = noise(x * 2.5f + 3 * noise(x * 3, y * 2, seed), y * 11, seed + 3);
      s.scale(1 - .09f * face.age * smooth(.62f, .85f, line));
    }
  }

  /** The ear: redder than the face, dark in its bowl. */
  void ear(Surface s, float t, float up) {
    plain(s, t, up);
    float bowl = bell(t * .6f, up + .15f, .32f, .30f);
    s.colour(s.r * 1.03f, s.g * .86f, s.b * .84f);
    s.scale(1 - .55f * bowl);
  }

  /** The head at ({@code x}, {@code y}) on the front and {@code turn} about the neck. */
  void head(Surface s, float x, float y, float turn) {
    float ax = Math.abs(x);
    boolean front = Math.abs(turn) < 1.62f;
    plain(s, x, y);
    s.shine = .085f
        + .06f * face.person.melanin()
        + .05f * bell(ax, y - .5f, .4f, .2f)
        + (front
            ? .07f * bell(ax, y - face.noseY - .05f, .1f, .25f)
                + .05f * bell(ax - .43f, y + .24f, .14f, .09f)
            : 0);
    s.gloss = 18;
    if (front) {
      flush(s, x, ax, y);
      lines(s, x, ax, y);
      beardShadow(s, x, y);
      brows(s, x, ax, y);
      lips.paint(s, x, y);
      eyes.paint(s, x, y);
    }
    float above = scalp.above(turn, y) + .05f * (noise(turn * 22, y * 9, seed) - .5f);
    if (above > -.06f && hairCover > 0) {
      NamedColour c = face.person.hairColour().colour;
      float edge = smooth(-.03f, .07f, above) * hairCover;
      s.blend(c.r * .55f, c.g * .55f, c.b * .55f, edge);
      s.bleed *= 1 - edge;
      s.shine *= 1 - .8f * edge;
    }
  }

  private void flush(Surface s, float x, float ax, float y) {
    float warm = .9f * bell(ax - .40f, y + .33f, .17f, .15f)
        + .8f * bell(ax, y - face.noseY - .05f, .11f, .08f)
        + .4f * bell(ax, y + 1.02f, .15f, .09f)
        + .3f * bell(ax, y - .5f, .3f, .15f);
    float k = mix(.1f, .08f, face.person.melanin()) * warm;
    s.colour(s.r * (1 + .35f * k), s.g * (1 - k), s.b * (1 - .8f * k));
    float hollow = bell(ax - face.eyeX + .03f, y + .10f, .13f, .05f) * (.10f + .16f * face.age);
    s.colour(s.r * (1 - 1.0f * hollow), s.g * (1 - 1.3f * hollow), s.b * (1 - hollow));
    float socket = bell(ax - face.eyeX + .05f, y - .08f, .15f, .07f);
    s.scale(1 - (.14f + .1f * face.person.melanin()) * socket);
    float nostril =
        bell((ax - face.noseWidth * .46f) / .036f * ((ax - face.noseWidth * .46f) / .036f)
            + (y - face.noseY + .022f) / .018f * ((y - face.noseY + .022f) / .018f));
    s.scale(1 - .7f * nostril);
    s.scale(1 - .18f * bell(ax, y - face.noseY + .04f, face.noseWidth * .6f, .022f));
    float wing = Math.abs(
        (float) Math.hypot((ax - face.noseWidth * .68f) / 1.0f, (y - face.noseY - .03f)) - .062f);
    s.scale(1
        - .20f
            * bell(wing * wing / (.013f * .013f))
            * smooth(face.noseWidth * .7f, face.noseWidth * .95f, ax));
    if (face.person.freckles() > 0) {
      freckles(s, x, ax, y);
    }
  }

  private void freckles(Surface s, float x, float ax, float y) {
    float where = bell(ax - .3f, y + .28f, .26f, .17f) + .8f * bell(ax, y + .25f, .14f, .2f) + .25f;
    float many = .5f + .4f * face.person.freckles();
    // The finest run together: a tanned mask.
    s.blend(
        red * .64f,
        green * .42f,
        blue * .32f,
        many
            * Math.min(1, where)
            * (.25f + .7f * smooth(.3f, .7f, noise(x * 11, y * 11, seed + 4))));
    // Turned and bent, or the cells would show as rows.
    float spot = Maths.dots(
            9.6f * x + 7.2f * y + noise(y * 9, x * 9, seed),
            9.6f * y - 7.2f * x + noise(x * 9, y * 9, seed),
            seed + 9)
        * Math.min(1, where);
    s.blend(red * .46f, green * .29f, blue * .22f, many * spot);
  }

  private void lines(Surface s, float x, float ax, float y) {
    float old = face.age;
    float smile = Math.max(0, face.smile);
    float fold = shape.foldDistance(ax, y);
    float depth = (.05f + .3f * old + .16f * smile)
        * bell(fold * fold / (.017f * .017f))
        * smooth(-.92f, -.80f, y)
        * smooth(face.noseY + .05f, face.noseY, y);
    if (old > .05f || face.brows > .3f) {
      float wave = y - .012f * noise(x * 5, 2, seed) - .03f * x * x;
      float stripe = Math.abs(((wave * 9.5f) % 1 + 1) % 1 - .5f) * 2;
      depth += (old * .34f + .2f * Math.max(0, face.brows))
          * smooth(.72f, 1f, stripe)
          * bell(ax, y - .46f, .3f, .13f);
      float foot = Math.abs((((y + .02f) / (ax - face.eyeX - .02f) * 3.2f) % 1 + 1) % 1 - .5f) * 2;
      depth += (old * .32f + .12f * smile * old)
          * smooth(.6f, 1, foot)
          * bell(ax - .55f, y, .055f, .09f);
      float bag = y + .165f - .35f * (ax - face.eyeX) * (ax - face.eyeX) * 4;
      depth += old * .3f * bell(bag * bag / (.014f * .014f)) * bell(ax - face.eyeX, 0, .12f, 1);
      float marionette = ax - face.mouthHalf - .04f - .12f * (face.mouthY - y);
      depth += old
          * .3f
          * bell(marionette * marionette / (.015f * .015f))
          * bell(y - face.mouthY + .13f, 0, .08f, 1);
    }
    float frown = Math.max(0, -face.brows) + .55f * old;
    depth += .42f * frown * bell(ax - .05f, y - .19f, .013f, .075f);
    depth += .20f * bell(ax, y - face.mouthY + face.lowerLip + .055f, .14f, .022f);
    depth +=
        .15f * bell(ax - face.mouthHalf - .012f, y - face.lipLine(face.mouthHalf), .022f, .025f);
    float k = Math.min(.6f, depth);
    s.colour(s.r * (1 - .75f * k), s.g * (1 - k), s.b * (1 - k));
  }

  private void beardShadow(Surface s, float x, float y) {
    float where = BeardGrowth.density(face, x, y);
    if (stubble > 0 && where > 0) {
      NamedColour c = face.person.hairColour().colour;
      float grain = .55f + .6f * noise(x * 75, y * 75, seed + 5);
      s.blend(c.r * .7f, c.g * .7f, c.b * .72f, Math.min(.92f, stubble * where * grain));
    }
  }

  private void brows(Surface s, float x, float ax, float y) {
    float t = (ax - face.browInner()) / (face.browOuter() - face.browInner());
    if (t < -.05f || t > 1.05f) {
      return;
    }
    float thick =
        face.browThick * (.72f + .4f * smooth(0, .3f, t)) * (1 - .75f * smooth(.5f, 1.05f, t));
    float d = Math.abs(y - face.browLine(ax)) / thick;
    float cover = smooth(1.15f, .5f, d) * smooth(-.04f, .14f, t) * smooth(1.05f, .9f, t);
    if (cover > 0) {
      float slant = t < .3f ? 1.2f : .5f;
      float hairs = noise((ax - slant * y) * 70, (y + slant * ax * .3f) * 24, seed + 7);
      HairColour hair = face.person.hairColour();
      NamedColour c = hair.colour;
      float light =
          hair == HairColour.BLOND || hair.ordinal() >= HairColour.GRAY.ordinal() ? .5f : 0;
      s.blend(
          mix(c.r * .6f, red * .34f, light),
          mix(c.g * .55f, green * .30f, light),
          mix(c.b * .52f, blue * .30f, light),
          Math.min(.94f, cover * (.5f + .7f * hairs)));
      s.shine *= 1 - cover;
    }
  }
}
