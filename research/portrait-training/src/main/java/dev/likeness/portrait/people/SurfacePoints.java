package dev.likeness.portrait.people;

/** Points of surfaces: the normal and the three paint coordinates of each. */
abstract class SurfacePoints {
  final float[] nx;
  final float[] ny;
  final float[] nz;
  final float[] u;
  final float[] v;
  final float[] w;

  SurfacePoints(int count) {
    nx = new float[count];
    ny = new float[count];
    nz = new float[count];
    u = new float[count];
    v = new float[count];
    w = new float[count];
  }
}
