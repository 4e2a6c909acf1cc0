package dev.likeness.photos.internal.quality;

import dev.likeness.photos.internal.image.Luma;

/**
 * How blurred a face is, 0 (crisp) to 1: how little a further blur changes it (Crété et al., "The
 * blur effect", SPIE 6492, 2007), measured on the standard patch, so that it speaks of detail in
 * the face and not of megapixels.
 */
final class Blur {
  // The further blur reaches this share of the face to either side.
  private static final double REACH = 1 / 20.0;

  private Blur() {}

  static double of(FacePatch patch) {
    Luma luma = patch.luma();
    int side = patch.side();
    float[] rows = new float[side * side];
    float[] columns = new float[side * side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        rows[y * side + x] = luma.at(x, y);
        columns[x * side + y] = luma.at(x, y);
      }
    }
    return Math.max(along(rows, side), along(columns, side));
  }

  // The share of the differences between neighbours that survives blurring along the rows.
  private static double along(float[] f, int side) {
    float[] b = blurred(f, side);
    double before = 0;
    double lost = 0;
    for (int y = 0; y < side; y++) {
      for (int x = 1; x < side; x++) {
        int i = y * side + x;
        double df = Math.abs(f[i] - f[i - 1]);
        double db = Math.abs(b[i] - b[i - 1]);
        before += df;
        lost += Math.max(0, df - db);
      }
    }
    return before == 0 ? 1 : (before - lost) / before;
  }

  private static float[] blurred(float[] f, int side) {
    float[] out = new float[f.length];
    int reach = Math.max(2, (int) Math.round(REACH * side));
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        float sum = 0;
        for (int k = -reach; k <= reach; k++) {
          sum += f[y * side + Math.max(0, Math.min(side - 1, x + k))];
        }
        out[y * side + x] = sum / (2 * reach + 1);
      }
    }
    return out;
  }
}
