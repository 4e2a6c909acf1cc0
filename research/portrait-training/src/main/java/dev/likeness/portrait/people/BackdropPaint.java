package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.cloud;
import static dev.likeness.portrait.people.Maths.lattice;
import static dev.likeness.portrait.people.Maths.mix;
import static dev.likeness.portrait.people.Maths.noise;
import static dev.likeness.portrait.people.Maths.smooth;

import java.util.Random;

/** What is behind, out of focus; linear RGB, three floats a pixel. */
final class BackdropPaint {
  private final Shot shot;
  private final int seed;
  private final float shiftX;
  private final float shiftY;
  private final float[] rgb = new float[3];

  BackdropPaint(Shot shot) {
    this.shot = shot;
    seed = (int) shot.seed() * 31;
    Random random = new Random(shot.seed() ^ 0x5eed);
    shiftX = random.nextFloat() * 8;
    shiftY = random.nextFloat() * .2f;
  }

  /** An image of {@code size} squared. */
  float[] paint(int size) {
    int half = size / 2;
    float[] small = new float[half * half * 3];
    float k = exposure();
    for (int y = 0; y < half; y++) {
      for (int x = 0; x < half; x++) {
        at((x + .5f) / half, (y + .5f) / half);
        float corner = (float) Math.hypot(x / (float) half - .5f, y / (float) half - .5f);
        float vignette = 1 - .35f * corner * corner;
        for (int c = 0; c < 3; c++) {
          small[(y * half + x) * 3 + c] = rgb[c] * k * vignette;
        }
      }
    }
    int blur = Math.round(half * blur());
    Blur.box(small, half, blur);
    Blur.box(small, half, blur);
    return Blur.twice(small, half);
  }

  private float blur() {
    return switch (shot.background().backdrop()) {
      case PAPER, GRADIENT -> 0;
      case BOKEH -> .006f;
      case BRICK -> .008f;
      case ROOM, LIBRARY -> shot.style() == Style.SELFIE ? .008f : .016f;
      default -> shot.style() == Style.SELFIE ? .012f : .024f;
    };
  }

  private float exposure() {
    boolean paper = shot.background().backdrop().tinted();
    return switch (shot.lighting().light()) {
      // Less light than on the face, but paper of any colour can still be named.
      case REMBRANDT -> paper ? .7f : .45f;
      case RIM -> paper ? .66f : .32f;
      case COLOURED -> paper ? .7f : .40f;
      case BACKLIGHT -> paper ? 1.1f : 1.45f;
      case FLASH -> shot.style() == Style.SELFIE && !paper ? .4f : .9f;
      default -> .92f;
    };
  }

  private void set(float r, float g, float b) {
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
  }

  private void at(float u, float v) {
    float x = u + shiftX;
    float y = v + shiftY;
    switch (shot.background().backdrop()) {
      case PAPER -> paper(u, v, 0);
      case GRADIENT -> paper(u, v, 1);
      case OFFICE -> office(x, y);
      case BRICK -> brick(x, y);
      case LIBRARY -> library(x, y);
      case STREET -> street(x, y);
      case PARK -> park(x, y);
      case BOKEH -> bokeh(x, y);
      case ROOM -> room(x, y);
    }
    boolean paper = shot.background().backdrop().tinted();
    if (shot.lighting().light() == Light.GOLDEN_HOUR && !paper) {
      set(rgb[0] * 1.25f, rgb[1] * .92f, rgb[2] * .62f);
    }
    if (shot.lighting().light() == Light.COLOURED) {
      lit(shot.lighting().tint().colour, paper, u, v);
    }
  }

  /**
   * Coloured light: a glow over whatever is behind, but on paper one edge alone, so that its own
   * colour stays.
   */
  private void lit(NamedColour t, boolean paper, float u, float v) {
    float edge = shot.lighting().side() > 0 ? u : 1 - u;
    float glow = paper
        ? .9f * smooth(.22f, 0, edge)
        : .20f + .50f * Maths.bell(u - .5f + .25f * shot.lighting().side(), v - .5f, .4f, .5f);
    float own = paper ? 1 - glow : .5f;
    set(rgb[0] * own + t.r * glow, rgb[1] * own + t.g * glow, rgb[2] * own + t.b * glow);
  }

  private void paper(float u, float v, float fall) {
    NamedColour t = shot.background().tint().colour;
    float pool = Maths.bell(u - .5f - .12f * shot.lighting().side(), v - .42f, .42f, .45f);
    float k = mix(.9f + .1f * pool, .40f + .75f * smooth(0, .95f, v), fall)
        * (.94f + .06f * cloud(u * 4, v * 4, seed));
    set(t.r * k + .015f, t.g * k + .015f, t.b * k + .015f);
  }

  private void office(float x, float y) {
    float wall = .55f + .1f * noise(x * 1.5f, 1, seed);
    set(wall * .92f, wall * .96f, wall);
    float col = x * 2.2f;
    int i = (int) Math.floor(col);
    float f = col - i;
    if (lattice(i, 3, seed) < .62f && f > .08f && f < .92f && y < .62f) {
      float light = 1.15f - .35f * y + .25f * noise(x * 9, y * 7, seed);
      boolean bar = Math.abs(f - .5f) < .025f || Math.abs(y - .33f) < .012f;
      set(bar ? .3f : light * .9f, bar ? .32f : light, bar ? .34f : light * 1.06f);
    } else if (y > .5f && y < .9f) {
      float k = .14f + .22f * lattice((int) Math.floor(x * 9), (int) Math.floor(y * 6), seed);
      set(k * 1.1f, k, k * .92f);
    }
    if (Math.abs(y - .05f) < .02f && f > .2f && f < .8f) {
      set(1.6f, 1.6f, 1.55f);
    }
  }

  private void brick(float x, float y) {
    float row = y * 15;
    int r = (int) Math.floor(row);
    float col = x * 6 + (r & 1) * .5f;
    int c = (int) Math.floor(col);
    float fx = Math.abs(col - c - .5f) * 2;
    float fy = Math.abs(row - r - .5f) * 2;
    float mortar = Math.max(smooth(.9f, .96f, fx), smooth(.76f, .88f, fy));
    float k = (.6f + .6f * lattice(c, r, seed)) * (.85f + .3f * noise(x * 50, y * 50, seed));
    set(mix(.33f * k, .40f, mortar), mix(.115f * k, .36f, mortar), mix(.075f * k, .32f, mortar));
  }

  private void library(float x, float y) {
    float shelf = y * 4.2f;
    int s = (int) Math.floor(shelf);
    float f = shelf - s;
    set(.11f, .06f, .03f);
    float book = x * 26 + 7 * s;
    int b = (int) Math.floor(book);
    float tall = .68f + .22f * lattice(b, s, seed);
    if (f > 1 - tall && f < .94f) {
      NamedColour t = Tint.values()[(Maths.hash(b, s, seed) >>> 3) % Tint.values().length].colour;
      float edge = 1 - .6f * smooth(.3f, .5f, Math.abs(book - b - .5f));
      float label = Math.abs(f - .55f) < .05f ? 1.4f : 1;
      set(
          (t.r * .55f + .05f) * edge * label,
          (t.g * .5f + .035f) * edge * label,
          (t.b * .45f + .02f) * edge * label);
    } else if (f <= 1 - tall) {
      set(.03f, .018f, .01f);
    }
  }

  private void street(float x, float y) {
    float sky = smooth(.5f, .05f, y);
    set(mix(.5f, .75f, sky), mix(.55f, .85f, sky), mix(.6f, 1f, sky));
    float col = x * 3.1f;
    int i = (int) Math.floor(col);
    float roof = .02f + .34f * lattice(i, 1, seed);
    if (y > roof && y < .8f) {
      float k = .16f + .3f * lattice(i, 2, seed);
      float warm = lattice(i, 3, seed);
      set(k * (.95f + .3f * warm), k * (.95f + .05f * warm), k * (1.05f - .25f * warm));
      float wx = (col - i) * 4;
      float wy = y * 14;
      if (wx - (int) wx > .35f && wy - (int) wy > .4f) {
        float lit = lattice((int) (wx) + 7 * i, (int) wy, seed);
        float g = lit > .75f ? 1.1f : .12f + .25f * lit;
        set(g * (lit > .75f ? 1 : .8f), g * (lit > .75f ? .8f : .9f), g * (lit > .75f ? .45f : 1));
      }
    } else if (y >= .8f) {
      set(.2f, .2f, .21f);
    }
  }

  private void park(float x, float y) {
    float sky = smooth(.42f, .1f, y + .22f * cloud(x * 3, 2, seed));
    float leaves = cloud(x * 7, y * 7, seed);
    float sun = smooth(.58f, .75f, cloud(x * 11 + 4, y * 11, seed + 9));
    float g = .10f + .35f * leaves * leaves;
    if (y > .72f) {
      g += .10f;
    }
    set(
        mix(g * .52f + .5f * sun, .8f, sky),
        mix(g + .62f * sun, .9f, sky),
        mix(g * .22f + .2f * sun, .98f, sky));
  }

  private void bokeh(float x, float y) {
    float base = .02f + .05f * cloud(x * 3, y * 3, seed);
    float r = base * 1.1f;
    float g = base;
    float b = base * 1.5f;
    int cx = (int) Math.floor(x * 6);
    int cy = (int) Math.floor(y * 6);
    for (int i = cx - 1; i <= cx + 1; i++) {
      for (int j = cy - 1; j <= cy + 1; j++) {
        float px = (i + lattice(i, j, seed)) / 6;
        float py = (j + lattice(i, j, seed + 1)) / 6;
        float radius = .025f + .055f * lattice(i, j, seed + 2);
        float d = (float) Math.hypot(x - px, y - py) / radius;
        float disc = smooth(1.05f, .93f, d)
            * (.55f + .45f * smooth(.5f, 1, d))
            * lattice(i, j, seed + 3)
            * .9f;
        float hue = lattice(i, j, seed + 4);
        r += disc * (hue < .6f ? 1f : .35f);
        g += disc * (hue < .6f ? .62f : hue < .8f ? .6f : .3f);
        b += disc * (hue < .6f ? .28f : .9f);
      }
    }
    set(r, g, b);
  }

  private void room(float x, float y) {
    NamedColour t = shot.background().tint().colour;
    float k = .55f + .1f * noise(x * 2, y * 2, seed);
    set((t.r * .6f + .25f) * k, (t.g * .6f + .24f) * k, (t.b * .6f + .22f) * k);
    float col = x * 1.3f;
    int i = (int) Math.floor(col);
    float f = col - i;
    float kind = lattice(i, 5, seed);
    if (kind < .4f && f > .2f && f < .7f && y > .12f && y < .45f) {
      boolean frame = f < .225f || f > .675f || y < .145f || y > .425f;
      float art = cloud(x * 9, y * 9, seed + i);
      set(
          frame ? .05f : .2f + .6f * art,
          frame ? .04f : .25f + .35f * art,
          frame ? .03f : .5f - .3f * art);
    } else if (kind > .62f && f > .15f && f < .8f && y < .6f) {
      float light = 1.1f - .3f * Math.abs(f - .47f) * 3;
      boolean curtain = f < .27f || f > .68f;
      set(
          curtain ? .5f * light : light,
          curtain ? .45f * light : light * 1.02f,
          curtain ? .4f * light : light * 1.04f);
    } else if (y > .72f) {
      float sofa = .12f + .25f * lattice(i, 6, seed);
      set(sofa * 1.1f, sofa, sofa * (.7f + .6f * lattice(i, 7, seed)));
    }
  }
}
