package dev.likeness.diffusion.internal.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A prompt that changes over the steps: {@code [from:to:when]}, {@code [to:when]} and
 * {@code [from::when]} switch at {@code when}, a share of the steps (0.4) or a step (8).
 * {@code [this|that]} alternates with each step. Expressions may be nested. Other brackets are
 * kept, because they are weights.
 *
 * <p>Steps count as in the web UI: the prompt of step k, from 1, goes to the k-th call of the
 * network from 0, and that of step 1 also to the first call. In a second pass shares are 1 to 2,
 * and steps continue.
 *
 * @param rows the number of calls
 * @param totalRows the number of calls from noise to the end
 * @param completedRows the number of calls that another model has made
 * @param firstPassRows the number of calls of the first pass, or 0
 */
public record PromptSchedule(int rows, int totalRows, int completedRows, int firstPassRows) {
  private static final Pattern NUMBER =
      Pattern.compile("\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*");

  /** A schedule from noise to the end. */
  public static PromptSchedule of(int rows) {
    return new PromptSchedule(rows, rows, 0, 0);
  }

  /** Returns the text of a prompt at a row, from 0. */
  public String at(String prompt, int row) {
    return resolve(prompt, Math.max(completedRows + row, 1));
  }

  private String resolve(String source, int step) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\' && i + 1 < source.length()) {
        out.append(c).append(source.charAt(++i));
        continue;
      }
      int close = c == '[' ? closingBracket(source, i) : -1;
      if (close < 0) {
        out.append(c);
        continue;
      }
      out.append(resolveBracket(source.substring(i + 1, close), step));
      i = close;
    }
    return out.toString();
  }

  private String resolveBracket(String inside, int step) {
    List<String> turns = split(inside, '|');
    if (turns.size() > 1) {
      return resolve(turns.get((step - 1) % turns.size()), step);
    }
    List<String> parts = split(inside, ':');
    boolean scheduled = (parts.size() == 2 || parts.size() == 3)
        && NUMBER.matcher(parts.get(parts.size() - 1)).matches();
    if (!scheduled) {
      return "[" + resolve(inside, step) + "]";
    }
    String from = parts.size() == 3 ? parts.get(0) : "";
    return resolve(
        step <= switchStep(parts.get(parts.size() - 1).strip())
            ? from
            : parts.get(parts.size() - 2),
        step);
  }

  private int switchStep(String number) {
    double value = Double.parseDouble(number);
    double share = firstPassRows > 0 ? value - 1 : value;
    return Math.min(
        totalRows, (int) (number.contains(".") ? share * totalRows : value - firstPassRows));
  }

  private static int closingBracket(String source, int open) {
    int depth = 0;
    for (int i = open; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']' && --depth == 0) {
        return i;
      }
    }
    return -1;
  }

  /** Splits at separators outside of brackets. */
  private static List<String> split(String source, char separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int begun = 0;
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '[' || c == '(') {
        depth++;
      } else if (c == ']' || c == ')') {
        depth--;
      } else if (c == separator && depth == 0) {
        parts.add(source.substring(begun, i));
        begun = i + 1;
      }
    }
    parts.add(source.substring(begun));
    return parts;
  }
}
