package dev.likeness.portrait.people;

/** A grid of {@code rows x cols} points in space with normals and three paint coordinates each. */
final class Mesh extends SurfacePoints {
  final Material material;
  final int rows;
  final int cols;
  final boolean wraps;
  final float[] x;
  final float[] y;
  final float[] z;

  Mesh(Material material, int rows, int cols, boolean wraps) {
    super(rows * cols);
    this.material = material;
    this.rows = rows;
    this.cols = cols;
    this.wraps = wraps;
    int n = rows * cols;
    x = new float[n];
    y = new float[n];
    z = new float[n];
  }

  /** True when nobody can see the inside. */
  boolean closed() {
    return material == Material.HEAD || material == Material.BODY;
  }

  void put(int at, float px, float py, float pz) {
    x[at] = px;
    y[at] = py;
    z[at] = pz;
  }

  void paint(int at, float pu, float pv, float pw) {
    u[at] = pu;
    v[at] = pv;
    w[at] = pw;
  }

  /** Turns and moves every point. */
  void move(Rigid rigid) {
    float[] p = new float[3];
    for (int i = 0; i < x.length; i++) {
      rigid.apply(x[i], y[i], z[i], p);
      put(i, p[0], p[1], p[2]);
    }
  }

  /** Normals by central differences; {@code flip} -1 turns them to the other side. */
  void normals(float flip) {
    for (int r = 0; r < rows; r++) {
      int up = Math.max(r - 1, 0) * cols;
      int down = Math.min(r + 1, rows - 1) * cols;
      for (int c = 0; c < cols; c++) {
        int left = wraps ? (c + cols - 1) % cols : Math.max(c - 1, 0);
        int right = wraps ? (c + 1) % cols : Math.min(c + 1, cols - 1);
        normal(r * cols + c, r * cols + left, r * cols + right, up + c, down + c, flip);
      }
    }
  }

  private void normal(int at, int left, int right, int up, int down, float flip) {
    float ax = x[right] - x[left];
    float ay = y[right] - y[left];
    float az = z[right] - z[left];
    float bx = x[up] - x[down];
    float by = y[up] - y[down];
    float bz = z[up] - z[down];
    float cx = ay * bz - az * by;
    float cy = az * bx - ax * bz;
    float cz = ax * by - ay * bx;
    float scale = flip / (float) Math.sqrt(cx * cx + cy * cy + cz * cz + 1e-12f);
    nx[at] = cx * scale;
    ny[at] = cy * scale;
    nz[at] = cz * scale;
  }

  /**
   * The point whose paint coordinates lie closest to ({@code pu}, {@code pv}), on the front half if
   * asked.
   */
  int closest(float pu, float pv, float maxTurn) {
    int best = 0;
    float least = Float.MAX_VALUE;
    for (int i = 0; i < u.length; i++) {
      float du = u[i] - pu;
      float dv = v[i] - pv;
      float d = du * du + dv * dv;
      if (d < least && Math.abs(w[i]) <= maxTurn) {
        least = d;
        best = i;
      }
    }
    return best;
  }
}
