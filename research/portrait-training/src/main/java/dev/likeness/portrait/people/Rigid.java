package dev.likeness.portrait.people;

/** A turn about a pivot: yaw about y, then pitch about x, then roll about z, in radians. */
final class Rigid {
  private final float[] m = new float[9];
  private final float px;
  private final float py;
  private final float pz;

  Rigid(float yaw, float pitch, float roll, float px, float py, float pz) {
    this.px = px;
    this.py = py;
    this.pz = pz;
    float cy = (float) Math.cos(yaw);
    float sy = (float) Math.sin(yaw);
    float cp = (float) Math.cos(pitch);
    float sp = (float) Math.sin(pitch);
    float cr = (float) Math.cos(roll);
    float sr = (float) Math.sin(roll);
    float[] a = {cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy};
    for (int c = 0; c < 3; c++) {
      m[c] = cr * a[c] - sr * a[3 + c];
      m[3 + c] = sr * a[c] + cr * a[3 + c];
      m[6 + c] = a[6 + c];
    }
  }

  /** The moved point, into {@code out}. */
  void apply(float x, float y, float z, float[] out) {
    turn(x - px, y - py, z - pz, out);
    out[0] += px;
    out[1] += py;
    out[2] += pz;
  }

  /** The turned direction, into {@code out}. */
  void turn(float x, float y, float z, float[] out) {
    out[0] = m[0] * x + m[1] * y + m[2] * z;
    out[1] = m[3] * x + m[4] * y + m[5] * z;
    out[2] = m[6] * x + m[7] * y + m[8] * z;
  }
}
