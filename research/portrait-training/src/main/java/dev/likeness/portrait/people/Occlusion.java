package dev.likeness.portrait.people;

/**
 * How much open sky each place has, from the depths around it: low in folds, under the chin, beside
 * hair and collars. The directions turn from sample to sample in a pattern of four by four, which
 * the same four by four average smooths away.
 */
final class Occlusion {
  private static final int RAYS = 4;
  private static final int TURNS = 16;
  private static final float[] RADII = {.06f, .14f, .28f};
  private static final int PAIRS = RAYS * RADII.length;
  private final int size;
  private final float[] raw;
  private final float[] open;
  private final int[] dx = new int[TURNS * PAIRS];
  private final int[] dy = new int[TURNS * PAIRS];

  Occlusion(int size) {
    this.size = size / 2;
    raw = new float[this.size * this.size];
    open = new float[this.size * this.size];
  }

  void gather(Raster raster, float scale) {
    for (int i = 0; i < dx.length; i++) {
      int turn = i / PAIRS;
      double a = Math.PI
          * (i % RAYS + turn * 5 % TURNS / (double) TURNS + .37 * (i % PAIRS / RAYS))
          / RAYS;
      float radius = RADII[i % PAIRS / RAYS] * (.75f + .5f * (turn * 7 % TURNS) / TURNS);
      dx[i] = (int) Math.round(Math.cos(a) * radius * scale);
      dy[i] = (int) Math.round(Math.sin(a) * radius * scale);
    }
    int full = raster.size;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        float z = raster.depth[2 * y * full + 2 * x];
        raw[y * size + x] =
            z == Raster.FAR ? 1 : at(raster, 2 * x, 2 * y, z, (y & 3) * 4 + (x & 3));
      }
    }
    smooth(raster);
  }

  private float at(Raster raster, int x, int y, float z, int turn) {
    float shut = 0;
    for (int i = 0; i < PAIRS; i++) {
      float radius = RADII[i / RAYS];
      int ox = dx[turn * PAIRS + i];
      int oy = dy[turn * PAIRS + i];
      float rise =
          height(raster, x + ox, y + oy, z, radius) + height(raster, x - ox, y - oy, z, radius);
      shut += Maths.clamp(rise / (radius * 1.6f), 0, 1);
    }
    return 1 - .7f * shut / PAIRS;
  }

  private static float height(Raster raster, int x, int y, float z, float radius) {
    int full = raster.size;
    int cx = Math.max(0, Math.min(full - 1, x));
    int cy = Math.max(0, Math.min(full - 1, y));
    return Maths.clamp(raster.depth[cy * full + cx] - z, -2 * radius, 2 * radius);
  }

  private void smooth(Raster raster) {
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        float z = raster.depth[2 * y * raster.size + 2 * x];
        open[y * size + x] = z == Raster.FAR ? 1 : average(raster, x, y, z);
      }
    }
  }

  private float average(Raster raster, int x, int y, float z) {
    float sum = 0;
    int n = 0;
    for (int j = Math.max(0, y - 2); j < Math.min(size, y + 2); j++) {
      for (int i = Math.max(0, x - 2); i < Math.min(size, x + 2); i++) {
        if (Math.abs(raster.depth[2 * j * raster.size + 2 * i] - z) < .2f) {
          sum += raw[j * size + i];
          n++;
        }
      }
    }
    return n == 0 ? raw[y * size + x] : sum / n;
  }

  /** Openness at a full-size sample, 0 to 1. */
  float open(int x, int y) {
    return open[y / 2 * size + x / 2];
  }
}
