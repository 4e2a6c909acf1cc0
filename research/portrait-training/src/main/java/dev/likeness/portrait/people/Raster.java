package dev.likeness.portrait.people;

import java.util.Arrays;

/**
 * The z-buffer: for every sample the depth, the material, the normal and the paint coordinates of
 * what is in front.
 */
final class Raster extends SurfacePoints {
  private static final Material[] MATERIALS = Material.values();
  static final float FAR = -1e9f;
  final int size;
  final float[] depth;
  final byte[] material;
  private float[] column = new float[0];
  private float[] row = new float[0];

  Raster(int size) {
    super(size * size);
    this.size = size;
    int n = size * size;
    depth = new float[n];
    material = new byte[n];
  }

  void clear() {
    Arrays.fill(depth, FAR);
    Arrays.fill(material, (byte) 0);
  }

  Material material(int at) {
    return MATERIALS[material[at]];
  }

  /** Draws both sides of every triangle of {@code mesh}. */
  void draw(Mesh mesh, Camera camera) {
    int n = mesh.x.length;
    if (column.length < n) {
      column = new float[n];
      row = new float[n];
    }
    for (int i = 0; i < n; i++) {
      column[i] = camera.column(mesh.x[i], mesh.z[i]);
      row[i] = camera.row(mesh.y[i], mesh.z[i]);
    }
    int last = mesh.wraps ? mesh.cols : mesh.cols - 1;
    for (int r = 0; r + 1 < mesh.rows; r++) {
      for (int c = 0; c < last; c++) {
        int a = r * mesh.cols + c;
        int b = r * mesh.cols + (c + 1) % mesh.cols;
        triangle(mesh, a, b, a + mesh.cols);
        triangle(mesh, b, b + mesh.cols, a + mesh.cols);
      }
    }
  }

  private void triangle(Mesh m, int a, int b, int c) {
    if (m.closed() && m.nz[a] < -.4f && m.nz[b] < -.4f && m.nz[c] < -.4f) {
      return;
    }
    float ax = column[a];
    float ay = row[a];
    float bx = column[b];
    float by = row[b];
    float cx = column[c];
    float cy = row[c];
    float area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (Math.abs(area) < 1e-6f) {
      return;
    }
    boolean bare = m.material == Material.SCARF;
    float inverse = 1 / area;
    int left = Math.max(0, (int) Math.ceil(Math.min(ax, Math.min(bx, cx)) - 0.5f));
    int right = Math.min(size - 1, (int) Math.floor(Math.max(ax, Math.max(bx, cx)) - 0.5f));
    int top = Math.max(0, (int) Math.ceil(Math.min(ay, Math.min(by, cy)) - 0.5f));
    int bottom = Math.min(size - 1, (int) Math.floor(Math.max(ay, Math.max(by, cy)) - 0.5f));
    for (int py = top; py <= bottom; py++) {
      float y = py + 0.5f;
      for (int px = left; px <= right; px++) {
        float x = px + 0.5f;
        float wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * inverse;
        float wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * inverse;
        float wc = 1 - wa - wb;
        if (wa >= 0 && wb >= 0 && wc >= 0) {
          float z = wa * m.z[a] + wb * m.z[b] + wc * m.z[c];
          int at = py * size + px;
          if (z > depth[at] && !(bare && bare(m, a, b, c, wa, wb, wc))) {
            depth[at] = z;
            sample(m, a, b, c, wa, wb, wc, at);
          }
        }
      }
    }
  }

  private static boolean bare(Mesh m, int a, int b, int c, float wa, float wb, float wc) {
    return ScarfShape.opening(
        wa * m.u[a] + wb * m.u[b] + wc * m.u[c],
        wa * m.v[a] + wb * m.v[b] + wc * m.v[c],
        wa * m.w[a] + wb * m.w[b] + wc * m.w[c]);
  }

  private void sample(Mesh m, int a, int b, int c, float wa, float wb, float wc, int at) {
    material[at] = (byte) m.material.ordinal();
    nx[at] = wa * m.nx[a] + wb * m.nx[b] + wc * m.nx[c];
    ny[at] = wa * m.ny[a] + wb * m.ny[b] + wc * m.ny[c];
    nz[at] = wa * m.nz[a] + wb * m.nz[b] + wc * m.nz[c];
    u[at] = wa * m.u[a] + wb * m.u[b] + wc * m.u[c];
    v[at] = wa * m.v[a] + wb * m.v[b] + wc * m.v[c];
    w[at] = wa * m.w[a] + wb * m.w[b] + wc * m.w[c];
  }
}
