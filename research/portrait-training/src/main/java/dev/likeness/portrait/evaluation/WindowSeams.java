package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Whether the windows that a large image was drawn through are seen in it: how much stronger steps
 * that a run of neighbouring pixels shares are where windows begin and end than beside.
 */
final class WindowSeams {
  private static final int BESIDE = 6;
  private static final int RUN = 16;

  private WindowSeams() {}

  /**
   * The mean step across the windows' edges over the mean step a few pixels beside them; 1 when
   * nothing is seen.
   *
   * @param window side of a window in pixels
   * @param stride how far windows are apart at most, in pixels
   */
  static double of(RgbImage image, int window, int stride) {
    double[] sums = new double[2];
    for (int line : lines(image.width(), window, stride)) {
      add(image, line, true, sums);
    }
    for (int line : lines(image.height(), window, stride)) {
      add(image, line, false, sums);
    }
    return sums[0] / sums[1];
  }

  /** Where windows begin and end within the image: spread evenly, as they are drawn. */
  private static SortedSet<Integer> lines(int length, int window, int stride) {
    SortedSet<Integer> lines = new TreeSet<>();
    int gaps = Math.max(0, (length - window + stride - 1) / stride);
    for (int i = 0; i <= gaps; i++) {
      int start = gaps == 0 ? 0 : (int) Math.round((double) i * (length - window) / gaps);
      lines.add(start);
      lines.add(start + window);
    }
    lines.removeIf(line -> line <= BESIDE || line >= length - BESIDE - 1);
    return lines;
  }

  private static void add(RgbImage image, int line, boolean column, double[] sums) {
    for (int along = 0; along + RUN <= (column ? image.height() : image.width()); along += RUN) {
      sums[0] += step(image, line, along, column);
      sums[1] +=
          (step(image, line - BESIDE, along, column) + step(image, line + BESIDE, along, column))
              / 2;
    }
  }

  /** Grain steps up and down by turns and cancels; an edge of a window does not. */
  private static double step(RgbImage p, int line, int from, boolean column) {
    double sum = 0;
    for (int along = from; along < from + RUN; along++) {
      sum += column
          ? Filter.light(p, line, along) - Filter.light(p, line - 1, along)
          : Filter.light(p, along, line) - Filter.light(p, along, line - 1);
    }
    return Math.abs(sum);
  }
}
