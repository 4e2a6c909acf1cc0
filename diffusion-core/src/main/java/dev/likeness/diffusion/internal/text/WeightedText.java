package dev.likeness.diffusion.internal.text;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a prompt with its weight.
 *
 * @param text its words, without escapes
 * @param weight 1 for no change
 */
public record WeightedText(String text, double weight) {
  /** The start of a new chunk. */
  static final WeightedText BREAK = new WeightedText("BREAK", -1);

  private static final double STEP = 1.1;
  private static final Pattern TOKEN = Pattern.compile(
      "\\\\[()\\[\\]\\\\]|\\\\|\\(|\\[|:\\s*([+-]?[.\\d]+)\\s*\\)|\\)|]|[^\\\\()\\[\\]:]+|:");
  private static final Pattern BREAKS = Pattern.compile("\\s*\\bBREAK\\b\\s*");

  /**
   * Reads round brackets (times 1.1, or a weight of their own), square brackets (divided by 1.1)
   * and backslashes; an unclosed bracket extends to the end. The rules are those of the web UI's
   * {@code parse_prompt_attention}.
   */
  public static List<WeightedText> parse(String prompt) {
    List<WeightedText> pieces = new ArrayList<>();
    Deque<Integer> round = new ArrayDeque<>();
    Deque<Integer> square = new ArrayDeque<>();
    Matcher token = TOKEN.matcher(prompt);
    while (token.find()) {
      String text = token.group();
      if (text.startsWith("\\")) {
        pieces.add(new WeightedText(text.substring(1), 1));
      } else if (text.equals("(")) {
        round.push(pieces.size());
      } else if (text.equals("[")) {
        square.push(pieces.size());
      } else if (token.group(1) != null && !round.isEmpty()) {
        multiply(pieces, round.pop(), number(token.group(1), prompt));
      } else if (text.equals(")") && !round.isEmpty()) {
        multiply(pieces, round.pop(), STEP);
      } else if (text.equals("]") && !square.isEmpty()) {
        multiply(pieces, square.pop(), 1 / STEP);
      } else {
        addWithBreaks(pieces, text);
      }
    }
    round.forEach(from -> multiply(pieces, from, STEP));
    square.forEach(from -> multiply(pieces, from, 1 / STEP));
    return merged(pieces);
  }

  private static double number(String digits, String prompt) {
    try {
      return Double.parseDouble(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "\"" + digits + "\" in the prompt \"" + prompt
              + "\" is not a weight; write e.g. (word:1.2)",
          e);
    }
  }

  private static void addWithBreaks(List<WeightedText> pieces, String text) {
    String[] parts = BREAKS.split(text, -1);
    for (int i = 0; i < parts.length; i++) {
      if (i > 0) {
        pieces.add(BREAK);
      }
      pieces.add(new WeightedText(parts[i], 1));
    }
  }

  private static void multiply(List<WeightedText> pieces, int from, double factor) {
    for (int i = from; i < pieces.size(); i++) {
      WeightedText piece = pieces.get(i);
      pieces.set(i, piece == BREAK ? BREAK : new WeightedText(piece.text, piece.weight * factor));
    }
  }

  private static List<WeightedText> merged(List<WeightedText> pieces) {
    List<WeightedText> merged = new ArrayList<>();
    for (WeightedText piece : pieces) {
      WeightedText last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && last != BREAK && piece != BREAK && last.weight == piece.weight) {
        merged.set(merged.size() - 1, new WeightedText(last.text + piece.text, piece.weight));
      } else {
        merged.add(piece);
      }
    }
    return merged.isEmpty() ? List.of(new WeightedText("", 1)) : merged;
  }
}
