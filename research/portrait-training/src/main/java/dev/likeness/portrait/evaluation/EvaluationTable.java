package dev.likeness.portrait.evaluation;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of an evaluation as lines to read. */
public final class EvaluationTable {
  private EvaluationTable() {}

  /** One paragraph a part; what holds figures of its own has a line for each. */
  public static String of(Map<String, Object> parts) {
    StringBuilder text = new StringBuilder();
    parts.forEach((part, figures) -> {
      text.append(part).append('\n');
      ((Map<?, ?>) figures)
          .forEach((name, value) -> text.append(String.format(
              Locale.ROOT,
              "  %-32s %s%n",
              name,
              value instanceof Map<?, ?> row ? row(row) : figure(value))));
    });
    return text.toString();
  }

  private static String row(Map<?, ?> row) {
    return row.entrySet().stream()
        .map(cell -> String.format(Locale.ROOT, "%s %6s", cell.getKey(), figure(cell.getValue())))
        .collect(Collectors.joining("   "));
  }

  private static String figure(Object value) {
    return value instanceof Double number
        ? String.format(Locale.ROOT, "%.3f", number)
        : String.valueOf(value);
  }
}
