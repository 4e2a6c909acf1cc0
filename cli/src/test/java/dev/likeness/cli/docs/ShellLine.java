package dev.likeness.cli.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One command of a block of shell text.
 *
 * @param number the number of its first line in the block, from 0
 * @param words its words, without quotes, comment and assignments before it
 */
record ShellLine(int number, List<String> words) {
  private static final Pattern WORD =
      Pattern.compile("#.*|[|;&<>]+|(?:\"(?:\\\\.|[^\"])*\"|'[^']*'|\\\\.|[^\\s\"'|;&<>])+");
  private static final Pattern QUOTES = Pattern.compile("\"((?:\\\\.|[^\"])*)\"|'([^']*)'|\\\\(.)");

  /** The commands of a block: lines that end with a backslash go on, and {@code |} ends one. */
  static List<ShellLine> of(String block) {
    List<ShellLine> found = new ArrayList<>();
    String[] lines = block.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      int first = i;
      StringBuilder whole = new StringBuilder(lines[i].stripTrailing());
      while (whole.length() > 0
          && whole.charAt(whole.length() - 1) == '\\'
          && i + 1 < lines.length) {
        whole.setLength(whole.length() - 1);
        whole.append(lines[++i].stripTrailing());
      }
      split(first, whole.toString(), found);
    }
    return found;
  }

  private static void split(int number, String line, List<ShellLine> found) {
    List<String> words = new ArrayList<>();
    boolean skips = false;
    Matcher word = WORD.matcher(line);
    while (word.find()) {
      String text = word.group();
      if (text.startsWith("#")) {
        break;
      }
      if (text.matches("[<>]+&?")) {
        skips = true; // the file of a redirection
      } else if (text.matches("[|;&]+")) {
        found.add(new ShellLine(number, List.copyOf(words)));
        words.clear();
      } else if (skips) {
        skips = false;
      } else if (!words.isEmpty() || !text.matches("[A-Za-z_]+=.*")) {
        words.add(QUOTES
            .matcher(text)
            .replaceAll(quoted -> Matcher.quoteReplacement(
                quoted.group(1) != null
                    ? quoted.group(1)
                    : quoted.group(2) != null ? quoted.group(2) : quoted.group(3))));
      }
    }
    found.add(new ShellLine(number, List.copyOf(words)));
  }

  /** The arguments, if this is a line of the command. */
  Optional<List<String>> likeness() {
    boolean runs = !words.isEmpty() && words.get(0).matches("(\\./)?likeness");
    return runs ? Optional.of(words.subList(1, words.size())) : Optional.empty();
  }
}
