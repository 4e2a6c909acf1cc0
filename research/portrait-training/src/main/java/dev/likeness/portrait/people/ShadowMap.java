package dev.likeness.portrait.people;

import java.util.Arrays;

/** What lamp 0 sees: for each cell the nearest point to the lamp. */
final class ShadowMap {
  private static final int SIZE = 224;
  private static final float SPAN = 4.4f;
  private static final float CELLS = SIZE / SPAN;
  private static final float MIDDLE_Y = -.45f;
  private final float[] near = new float[SIZE * SIZE];
  private final float[] axis = new float[9];
  private float spread;

  void aim(float[] lamp, float softness) {
    Arrays.fill(near, -1e9f);
    spread = Math.max(.9f, softness * CELLS / 2);
    float lx = lamp[0];
    float ly = lamp[1];
    float lz = lamp[2];
    float k = 1 / (float) Math.sqrt(lx * lx + lz * lz + 1e-6f);
    float[] side = {lz * k, 0, -lx * k};
    axis[0] = side[0];
    axis[1] = side[1];
    axis[2] = side[2];
    axis[3] = ly * side[2] - lz * side[1];
    axis[4] = lz * side[0] - lx * side[2];
    axis[5] = lx * side[1] - ly * side[0];
    axis[6] = lx;
    axis[7] = ly;
    axis[8] = lz;
  }

  void add(Mesh mesh) {
    for (int i = 0; i < mesh.x.length; i++) {
      if (mesh.material != Material.SCARF || !ScarfShape.opening(mesh.u[i], mesh.v[i], mesh.w[i])) {
        add(mesh.x[i], mesh.y[i], mesh.z[i]);
      }
    }
  }

  /** Adds strands, close enough along each for its shadow to hold together. */
  void add(Strands s) {
    for (int i = 0; i < s.count; i++) {
      if (s.starts[i]) {
        continue;
      }
      float dx = s.x[i] - s.x[i - 1];
      float dy = s.y[i] - s.y[i - 1];
      float dz = s.z[i] - s.z[i - 1];
      int n = 1 + (int) ((Math.abs(dx) + Math.abs(dy) + Math.abs(dz)) * CELLS / 3);
      for (int j = 0; j < n; j++) {
        float t = j / (float) n;
        add(s.x[i] - t * dx, s.y[i] - t * dy, s.z[i] - t * dz);
      }
    }
  }

  /** Adds one point, as large as two by two cells. */
  void add(float x, float y, float z) {
    int c = (int) column(x, y, z);
    int r = (int) row(x, y, z);
    if (c < 0 || r < 0 || c + 1 >= SIZE || r + 1 >= SIZE) {
      return;
    }
    float d = depth(x, y, z);
    int at = r * SIZE + c;
    near[at] = Math.max(near[at], d);
    near[at + 1] = Math.max(near[at + 1], d);
    near[at + SIZE] = Math.max(near[at + SIZE], d);
    near[at + SIZE + 1] = Math.max(near[at + SIZE + 1], d);
  }

  /**
   * The share of the lamp that reaches a point of a surface that the lamp strikes at cosine
   * {@code ndl}, 0 to 1.
   */
  float lit(float x, float y, float z, Surface s, float ndl) {
    // Looked up a little above the surface, more where light grazes, or the surface would shade
    // itself in bars.
    float lift = .035f + 1.5f * spread / CELLS * (1 - Math.max(0, ndl));
    float px = x + s.nx * lift;
    float py = y + s.ny * lift;
    float pz = z + s.nz * lift;
    float c = column(px, py, pz);
    float r = row(px, py, pz);
    float d = depth(px, py, pz) + .045f;
    float sum = 0;
    for (int i = -1; i <= 1; i++) {
      for (int j = -1; j <= 1; j++) {
        sum += tap(c + i * spread + j * .4f, r + j * spread - i * .4f, d);
      }
    }
    return sum / 9;
  }

  /** {@link #lit} from one cell, for things much finer than a cell. */
  float near(float x, float y, float z) {
    float over = tapDepth(column(x, y, z), row(x, y, z)) - depth(x, y, z) - .05f;
    return over <= 0 ? 1 : over > .3f ? .25f : 1 - over * 2.5f;
  }

  private float tapDepth(float c, float r) {
    int ic = (int) c;
    int ir = (int) r;
    return ic < 0 || ir < 0 || ic >= SIZE || ir >= SIZE ? -1e9f : near[ir * SIZE + ic];
  }

  private float tap(float c, float r, float d) {
    float over = tapDepth(c, r) - d;
    return over <= 0 ? 1 : over > .08f ? 0 : 1 - over * 12.5f;
  }

  private float column(float x, float y, float z) {
    return SIZE * .5f + (axis[0] * x + axis[1] * (y - MIDDLE_Y) + axis[2] * z) * CELLS;
  }

  private float row(float x, float y, float z) {
    return SIZE * .5f + (axis[3] * x + axis[4] * (y - MIDDLE_Y) + axis[5] * z) * CELLS;
  }

  private float depth(float x, float y, float z) {
    return axis[6] * x + axis[7] * (y - MIDDLE_Y) + axis[8] * z;
  }
}
