package dev.likeness.photos.internal.image;

/**
 * For each output of a resampling along one axis: which inputs count, and how much. Those of output
 * {@code i} lie from {@code first[i]} up to {@code first[i + 1]}, inputs ascending, weights summing
 * to one.
 */
record Taps(int[] first, int[] index, float[] weight) {
  int outputs() {
    return first.length - 1;
  }

  /** The first input that any output asks for. */
  int least() {
    return firstInput(0);
  }

  /** The last input that any output asks for. */
  int most() {
    return lastInput(outputs() - 1);
  }

  int firstInput(int output) {
    return index[first[output]];
  }

  int lastInput(int output) {
    return index[first[output + 1] - 1];
  }

  /** Adds the share that row {@code input} has in row {@code output}. */
  void blend(int output, int input, byte[] row, float[] sum) {
    for (int k = first[output]; k < first[output + 1]; k++) {
      if (index[k] == input) {
        float share = weight[k];
        for (int i = 0; i < sum.length; i++) {
          sum[i] += share * (row[i] & 255);
        }
      }
    }
  }

  /**
   * Resamples a row of three interleaved channels, which begins with input {@code left}, into
   * bytes, rounded.
   */
  void squeeze(float[] row, int left, byte[] to, int from) {
    int at = from;
    for (int output = 0; output < outputs(); output++, at += 3) {
      float r = 0.5f;
      float g = 0.5f;
      float b = 0.5f;
      for (int k = first[output]; k < first[output + 1]; k++) {
        float share = weight[k];
        int i = (index[k] - left) * 3;
        r += share * row[i];
        g += share * row[i + 1];
        b += share * row[i + 2];
      }
      to[at] = clip(r);
      to[at + 1] = clip(g);
      to[at + 2] = clip(b);
    }
  }

  private static byte clip(float value) {
    return (byte) Math.max(0, Math.min(255, value));
  }
}
