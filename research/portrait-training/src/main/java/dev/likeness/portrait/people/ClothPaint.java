package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;
import static dev.likeness.portrait.people.Maths.mix;
import static dev.likeness.portrait.people.Maths.noise;
import static dev.likeness.portrait.people.Maths.smooth;

import java.util.Random;

/** Clothes over the body: where they end, what lies over what, weave, pattern and folds. */
final class ClothPaint {
  private static final Tint[] SHIRTS = {Tint.WHITE, Tint.WHITE, Tint.LIGHT_BLUE, Tint.PINK};
  private static final Tint[] TIES = {
    Tint.NAVY, Tint.BURGUNDY, Tint.RED, Tint.TEAL, Tint.PURPLE, Tint.GREEN, Tint.CHARCOAL
  };
  /**
   * Dots a unit. A portrait holds some 75 pixels a unit, so these are 25 apart: what comes nearer
   * than three places of latents is drawn as a texture.
   */
  private static final float DOTS = 3;

  private final SkinPaint skin;
  private final Outfit outfit;
  private final Pattern pattern;
  private final Tint tint;
  private final Tint shirt;
  private final Tint tie;
  private final int seed;
  private final Person scarf;

  ClothPaint(SkinPaint skin, Shot shot, Person person) {
    scarf = person.hair() == HairStyle.HEADSCARF ? person : null;
    this.skin = skin;
    outfit = shot.clothes().outfit();
    pattern = shot.clothes().pattern();
    tint = shot.clothes().tint();
    Random random = new Random(shot.seed() + 77);
    Tint under = SHIRTS[random.nextInt(SHIRTS.length)];
    shirt = outfit == Outfit.BLAZER && tint == Tint.WHITE ? Tint.BLACK : under;
    Tint knot = TIES[random.nextInt(TIES.length)];
    tie = knot == tint ? Tint.BURGUNDY : knot;
    seed = (int) shot.seed();
  }

  /** The body at ({@code x}, {@code y}), {@code turn} about the spine. */
  void body(Surface s, float x, float y, float turn) {
    float ax = Math.abs(x);
    boolean front = Math.abs(turn) < 1.5f;
    if (scarf != null && y > -2.3f + .5f * smooth(1.2f, 1.9f, ax)) {
      ScarfShape.paint(s, scarf, x, y, turn);
      return;
    }
    float line = neckline(ax, front);
    if (y > line) {
      skin.plain(s, x, y);
      s.scale(1 - .35f * smooth(.10f, 0, y - line));
      return;
    }
    if ((outfit == Outfit.SUIT || outfit == Outfit.BLAZER) && front) {
      jacket(s, x, ax, y);
    } else {
      cloth(s, tint, pattern, x, y);
      folds(s, x, y);
      if (outfit == Outfit.SWEATER) {
        ribs(s, x * 10);
      }
      hem(s, x, line - y);
    }
  }

  /** The collar, {@code t} from the neck out, {@code side} from its front edge. */
  void collar(Surface s, float t, float side, float turn) {
    Tint of = outfit == Outfit.SUIT ? shirt : tint;
    cloth(s, of, outfit == Outfit.SUIT ? Pattern.PLAIN : pattern, turn * .55f, t * .35f);
    if (side < 5) {
      s.scale(1 - .35f * Math.max(smooth(.90f, 1f, t), smooth(.05f, .0f, side)));
    } else if (outfit == Outfit.TURTLENECK) {
      ribs(s, turn * 30);
    }
  }

  private float neckline(float ax, boolean front) {
    if (!front) {
      return outfit == Outfit.TURTLENECK ? -1.0f : -1.36f;
    }
    return switch (outfit) {
      case T_SHIRT -> mix(-1.62f, -1.38f, smooth(.12f, .62f, ax));
      case SWEATER, HOODIE -> mix(-1.56f, -1.36f, smooth(.12f, .6f, ax));
      case BLOUSE -> Math.min(-1.36f, -2.02f + 1.15f * ax);
      case SHIRT -> Math.min(-1.40f, -1.78f + 1.1f * ax);
      case TURTLENECK -> -1.0f;
      case SUIT -> -1.40f;
      case BLAZER -> mix(-1.66f, -1.40f, smooth(.1f, .62f, ax));
    };
  }

  private void jacket(Surface s, float x, float ax, float y) {
    float open = .47f * Maths.clamp((y + 2.85f) / 1.35f, 0, 1.1f);
    float outer = y < -1.98f
        ? mix(.07f, .80f, Maths.clamp((y + 2.85f) / .87f, 0, 1))
        : y < -1.90f ? mix(.80f, .60f, (y + 1.98f) / .08f) : mix(.64f, .54f, (y + 1.90f) / .5f);
    if (ax < open) {
      under(s, x, ax, y);
      s.scale(1 - .5f * smooth(.09f, 0, open - ax));
      return;
    }
    cloth(s, tint, pattern, x, y);
    if (ax < outer) {
      s.bend(Math.signum(x) * -.12f, .05f, .1f);
      s.scale(1.10f);
      s.scale(1 - .45f * smooth(.025f, .005f, ax - open));
      s.scale(1 - .35f * smooth(.02f, 0, Math.abs(y + 1.90f - .1f * (ax - .6f))));
    } else {
      s.scale(1 - .55f * smooth(.06f, 0, ax - outer));
      folds(s, x, y);
    }
  }

  private void under(Surface s, float x, float ax, float y) {
    if (outfit == Outfit.BLAZER) {
      cloth(s, shirt, Pattern.PLAIN, x, y);
      return;
    }
    float knot = smooth(-1.46f, -1.50f, y);
    float half = y > -1.68f
        ? mix(.055f, .095f, (y + 1.68f) / .2f)
        : mix(.058f, .15f, Maths.clamp((-1.68f - y) / 1.1f, 0, 1));
    if (ax < half && knot > 0) {
      cloth(s, tie, Pattern.PLAIN, x, y);
      if ((seed & 3) == 0) {
        float stripe = smooth(.62f, .72f, (((x + y) * 7 % 1) + 1) % 1);
        s.blend(.55f, .52f, .45f, stripe * .7f);
      }
      s.scale(1 - .5f * smooth(.03f, 0, Math.abs(y + 1.69f)));
      s.bend(x / half * .5f, 0, 0);
      s.shine = .09f;
      s.gloss = 14;
    } else {
      cloth(s, shirt, Pattern.PLAIN, x, y);
      s.scale(1 - .4f * smooth(.06f, 0, ax - half));
    }
  }

  private void cloth(Surface s, Tint dyed, Pattern p, float x, float y) {
    NamedColour t = dyed.colour;
    float weave = .92f + .16f * noise(x * 60, y * 60, seed);
    s.colour(t.r * weave, t.g * weave, t.b * weave);
    s.shine = outfit == Outfit.BLOUSE ? .07f : .02f;
    s.gloss = 9;
    s.bleed = 0;
    s.glow = 0;
    float k = t.r + t.g + t.b > .9f ? .35f : 2.6f;
    float add = t.r + t.g + t.b > .9f ? 0 : .09f;
    boolean formal = outfit == Outfit.SUIT || outfit == Outfit.BLAZER;
    float over =
        switch (p) {
          case PLAIN -> 0;
          case STRIPES -> stripe(x * (formal ? 6.5f : 3.6f)) * (formal ? .75f : .9f);
          case CHECKS -> .5f * (check(x) + check(y));
          case DOTS -> dot(x * DOTS, y * DOTS);
        };
    s.blend(t.r * k + add, t.g * k + add, t.b * k + add, over);
    if (outfit == Outfit.SWEATER || outfit == Outfit.TURTLENECK) {
      float knit = frac(x * 17 + .28f * Math.abs(frac(y * 17) - .5f) * 2) - .5f;
      s.bend(knit * .55f, (frac(y * 17) - .5f) * .25f, 0);
      s.scale(.84f + .32f * smooth(.5f, .1f, Math.abs(knit)));
    }
  }

  private void folds(Surface s, float x, float y) {
    float side = Math.abs(x) - .9f;
    float a = noise(x * 1.6f + y * .9f, y * .8f - x * .5f, seed + 1) - .5f;
    float b = noise((x * Math.signum(x) + y) * 2.6f, (y - Math.abs(x)) * .9f, seed + 2) - .5f;
    s.bend(.38f * a + .34f * b, .2f * a - .2f * b, 0);
    s.scale(1 - .22f * bell(side + .35f - .3f * (y + 2.4f), 0, .05f, 1) * smooth(-2.0f, -2.3f, y));
  }

  private void hem(Surface s, float x, float depth) {
    float band = outfit == Outfit.BLOUSE ? .03f : outfit == Outfit.SWEATER ? .17f : .06f;
    if (depth < band) {
      if (outfit == Outfit.SWEATER) {
        ribs(s, x * 20);
      }
      s.bend(0, .35f * (1 - 2 * depth / band), .1f);
      s.scale(1 - .28f * smooth(band * .8f, band, depth));
    }
  }

  private static void ribs(Surface s, float across) {
    float rib = frac(across) - .5f;
    s.bend(rib * .6f, 0, 0);
    s.scale(.8f + .3f * smooth(.5f, .1f, Math.abs(rib)));
  }

  private static float stripe(float across) {
    return smooth(.36f, .30f, Math.abs(frac(across) - .5f) * 2);
  }

  private static float check(float across) {
    return smooth(.5f, .42f, Math.abs(frac(across * 2.5f) - .5f) * 2);
  }

  private static float dot(float across, float down) {
    float shift = .5f * ((int) Math.floor(down) & 1);
    return smooth(.29f, .23f, (float) Math.hypot(frac(across + shift) - .5f, frac(down) - .5f));
  }

  private static float frac(float x) {
    return x - (float) Math.floor(x);
  }
}
