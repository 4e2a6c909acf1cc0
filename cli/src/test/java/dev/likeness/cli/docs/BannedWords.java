package dev.likeness.cli.docs;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds words that this library's texts and names do not use. Names are read word by word:
 * {@code classPictures} and {@code CLASS_PICTURES} have the word "pictures".
 */
final class BannedWords {
  private static final Pattern WORDS = Pattern.compile(
      "\\b(?:pictures?|easels?|sittings?|sitters?|pupils?|ladders?|foretold|foretells|somebody|whom"
          + "|learned words?|graphics cards?|is told|are told|is heard|nothing hears)\\b",
      Pattern.CASE_INSENSITIVE);
  private static final Pattern INSIDE_NAMES =
      Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_");

  /**
   * A use that is allowed.
   *
   * @param file how the path ends
   * @param text the words with what stands around them, or {@code *} for all of the file
   * @param why the reason
   */
  private record Allowed(String file, String text, String why) {
    boolean isFor(String path) {
      return path.endsWith(file);
    }
  }

  private final List<Allowed> allowed;
  private final Set<Allowed> used = new LinkedHashSet<>();

  /** An allow-list: lines of file, text and reason, parted by {@code " | "}. */
  BannedWords(List<String> allowList) {
    allowed = allowList.stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(line -> {
          String[] parts = line.split(" \\| ", 3);
          if (parts.length < 3 || parts[2].isBlank()) {
            throw new IllegalArgumentException("no reason in the allow-list: " + line);
          }
          return new Allowed(parts[0].strip(), parts[1].strip(), parts[2].strip());
        })
        .toList();
  }

  /** The banned words of a text, each with path and line. */
  List<String> faults(String path, String text) {
    List<Allowed> here = allowed.stream().filter(entry -> entry.isFor(path)).toList();
    List<String> faults = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String rest = line;
      for (Allowed entry : here) {
        String without = entry.text().equals("*") ? "" : rest.replace(entry.text(), "");
        if (found(without).size() < found(rest).size()) {
          used.add(entry);
          rest = without;
        }
      }
      for (String word : found(rest)) {
        faults.add(path + ":" + number + ": \"" + word + "\"");
      }
    }
    return faults;
  }

  private static List<String> found(String line) {
    Matcher word = WORDS.matcher(INSIDE_NAMES.matcher(line).replaceAll(" "));
    return word.results().map(result -> result.group()).toList();
  }

  /** Entries of the allow-list that nothing needed. */
  List<String> unused() {
    return allowed.stream()
        .filter(entry -> !used.contains(entry))
        .map(entry ->
            "the allow-list allows what is not there: " + entry.file() + " | " + entry.text())
        .toList();
  }
}
