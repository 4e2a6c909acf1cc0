package dev.likeness.portrait.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Figures of many persons as a table in Markdown: for each case the mean over the persons with its
 * interval of 95 %.
 */
final class LikenessTable {
  private static final int DRAWS = 2000;
  /** Seconds need no hundredths. */
  private static final double LARGE = 100;

  private LikenessTable() {}

  /** A row for each case, of the persons that have been measured in it. */
  static String of(Map<String, List<Map<String, Double>>> cases) {
    List<String> columns = cases.values().stream()
        .flatMap(List::stream)
        .flatMap(row -> row.keySet().stream())
        .distinct()
        .toList();
    StringBuilder table = new StringBuilder("| case | persons | " + String.join(" | ", columns)
        + " |\n|---|---|" + "---|".repeat(columns.size()) + "\n");
    cases.forEach((name, persons) -> {
      if (!persons.isEmpty()) {
        table
            .append("| ")
            .append(name)
            .append(" | ")
            .append(persons.size())
            .append(" | ")
            .append(columns.stream()
                .map(column -> cell(column, persons))
                .collect(Collectors.joining(" | ")))
            .append(" |\n");
      }
    });
    return table.toString();
  }

  private static String cell(String column, List<Map<String, Double>> persons) {
    double[] values = persons.stream()
        .filter(row -> row.containsKey(column))
        .mapToDouble(row -> row.get(column))
        .toArray();
    if (values.length == 0) {
      return "";
    }
    double[] interval = interval(values);
    int places = mean(values) < LARGE ? 2 : 0;
    return String.format(
        Locale.ROOT,
        "%." + places + "f (%." + places + "f to %." + places + "f)",
        mean(values),
        interval[0],
        interval[1]);
  }

  /**
   * The 2.5th and 97.5th percentile of the means of persons drawn with replacement (Efron 1979).
   */
  static double[] interval(double... values) {
    Random random = new Random(0);
    double[] means = new double[DRAWS];
    for (int i = 0; i < DRAWS; i++) {
      means[i] = random
          .ints(values.length, 0, values.length)
          .mapToDouble(k -> values[k])
          .average()
          .orElse(Double.NaN);
    }
    Arrays.sort(means);
    return new double[] {means[DRAWS * 25 / 1000], means[DRAWS * 975 / 1000 - 1]};
  }

  private static double mean(double... values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }
}
