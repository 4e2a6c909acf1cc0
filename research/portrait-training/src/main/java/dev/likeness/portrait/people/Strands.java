package dev.likeness.portrait.people;

import java.util.Arrays;

/**
 * Thin things drawn as lines with thickness: hair, beards, the frames of glasses, earrings. Grows
 * as it is filled.
 */
final class Strands {
  float[] x = new float[4096];
  float[] y = new float[4096];
  float[] z = new float[4096];
  /** Half the thickness, decimetres. */
  float[] half = new float[4096];

  float[] r = new float[4096];
  float[] g = new float[4096];
  float[] b = new float[4096];
  /** Outward direction of the hair's volume at each point. */
  float[] nx = new float[4096];

  float[] ny = new float[4096];
  float[] nz = new float[4096];
  /** How deep in the volume, 0 (deep) to 1 (outside). */
  float[] open = new float[4096];
  /** True where a new strand starts. */
  boolean[] starts = new boolean[4096];

  int count;

  void point(boolean start, float px, float py, float pz, float thick) {
    if (count == x.length) {
      grow();
    }
    x[count] = px;
    y[count] = py;
    z[count] = pz;
    half[count] = thick;
    starts[count++] = start;
  }

  /** Colour and place in the volume of the last point. */
  void look(float red, float green, float blue, float ox, float oy, float oz, float openness) {
    int i = count - 1;
    r[i] = red;
    g[i] = green;
    b[i] = blue;
    nx[i] = ox;
    ny[i] = oy;
    nz[i] = oz;
    open[i] = openness;
  }

  void move(Rigid rigid, int from) {
    float[] p = new float[3];
    for (int i = from; i < count; i++) {
      rigid.apply(x[i], y[i], z[i], p);
      x[i] = p[0];
      y[i] = p[1];
      z[i] = p[2];
      rigid.turn(nx[i], ny[i], nz[i], p);
      nx[i] = p[0];
      ny[i] = p[1];
      nz[i] = p[2];
    }
  }

  private void grow() {
    int n = count * 2;
    x = Arrays.copyOf(x, n);
    y = Arrays.copyOf(y, n);
    z = Arrays.copyOf(z, n);
    half = Arrays.copyOf(half, n);
    r = Arrays.copyOf(r, n);
    g = Arrays.copyOf(g, n);
    b = Arrays.copyOf(b, n);
    nx = Arrays.copyOf(nx, n);
    ny = Arrays.copyOf(ny, n);
    nz = Arrays.copyOf(nz, n);
    open = Arrays.copyOf(open, n);
    starts = Arrays.copyOf(starts, n);
  }
}
