package dev.likeness.schedulers;

import java.util.List;
import java.util.Locale;

/**
 * The noise of a plan's rows as a curve of characters: one column for each row, noise over signal
 * on a log scale.
 */
final class SigmaPlot {
  private static final int HEIGHT = 16;
  private static final int WIDTH = 100;

  private SigmaPlot() {}

  static String of(List<Step> steps) {
    if (steps.isEmpty()) {
      return "no rows";
    }
    double[] logs = steps.stream()
        .map(Step::level)
        .filter(level -> level.alpha() > 0 && level.sigma() > 0)
        .mapToDouble(level -> Math.log10(level.ratio()))
        .toArray();
    double max = max(logs, 1);
    double min = -max(logs, -1);
    int width = Math.min(WIDTH, logs.length);
    var plot = new StringBuilder();
    for (int line = 0; line < HEIGHT; line++) {
      double value = max - line * (max - min) / (HEIGHT - 1);
      plot.append(String.format(Locale.ROOT, "%9.3g |", Math.pow(10, value)));
      for (int column = 0; column < width; column++) {
        double log = logs[(int) ((long) column * logs.length / width)];
        int place = max == min ? 0 : (int) Math.rint((max - log) / (max - min) * (HEIGHT - 1));
        plot.append(place == line ? '*' : ' ');
      }
      plot.append(System.lineSeparator());
    }
    return plot.append(" ".repeat(10))
        .append('+')
        .append("-".repeat(width))
        .append(" row")
        .toString();
  }

  private static double max(double[] values, int sign) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      max = Math.max(max, sign * value);
    }
    return max;
  }
}
