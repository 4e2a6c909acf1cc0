package dev.likeness.cli.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Markdown page.
 *
 * @param path its path from the root of the checkout, with slashes
 * @param text its contents
 */
record MarkdownPage(String path, String text) {
  private static final Pattern FENCE = Pattern.compile("^ {0,3}```(.*)$");
  private static final Pattern LINK =
      Pattern.compile("\\[(?:[^\\[\\]]|\\[[^\\]]*])*]\\(([^()\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#{1,6} +(.*?) *#*$");
  private static final Pattern LINK_ALONE =
      Pattern.compile("^[-*]?\\s*!?\\[[^\\]]*]\\([^)]*\\)[.,;:]?$");
  private static final int COLUMNS = 120;

  /**
   * A fenced block.
   *
   * @param language what stands behind the fence
   * @param line the number of its first line, from 1
   * @param text its contents
   */
  record Block(String language, int line, String text) {}

  /** The fenced blocks, of which the last one may lack its end. */
  List<Block> blocks() {
    List<Block> found = new ArrayList<>();
    List<String> inside = null;
    String language = "";
    int first = 0;
    int number = 0;
    for (String line : lines()) {
      number++;
      Matcher fence = FENCE.matcher(line);
      if (!fence.matches()) {
        if (inside != null) {
          inside.add(line);
        }
      } else if (inside == null) {
        inside = new ArrayList<>();
        language = fence.group(1).strip();
        first = number + 1;
      } else {
        found.add(new Block(language, first, String.join("\n", inside)));
        inside = null;
      }
    }
    if (inside != null) {
      found.add(new Block(language, first, String.join("\n", inside)));
    }
    return found;
  }

  /** The targets of its links and images outside of code. */
  List<String> links() {
    return prose()
        .map(line -> line.replaceAll("`[^`]*`", "`"))
        .flatMap(line -> LINK.matcher(line).results())
        .map(link -> link.group(1))
        .toList();
  }

  /** The anchors of its headings, as GitHub makes them. */
  Set<String> anchors() {
    Set<String> found = new TreeSet<>();
    prose().forEach(line -> {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        String anchor = heading
            .group(1)
            .replaceAll("\\[([^\\]]*)]\\([^)]*\\)", "$1")
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^\\p{L}\\p{N} _-]", "")
            .replace(' ', '-');
        String unique = anchor;
        for (int i = 1; !found.add(unique); i++) {
          unique = anchor + "-" + i;
        }
      }
    });
    return found;
  }

  /** The numbers of lines that are too long; tables and links that stand alone are not counted. */
  List<Integer> wideLines() {
    List<Integer> wide = new ArrayList<>();
    int number = 0;
    for (String line : lines()) {
      number++;
      String content = line.strip();
      if (line.codePointCount(0, line.length()) > COLUMNS
          && !content.startsWith("|")
          && !LINK_ALONE.matcher(content).matches()) {
        wide.add(number);
      }
    }
    return wide;
  }

  private List<String> lines() {
    return text.lines().toList();
  }

  private Stream<String> prose() {
    List<String> outside = new ArrayList<>();
    boolean inside = false;
    for (String line : lines()) {
      if (FENCE.matcher(line).matches()) {
        inside = !inside;
      } else if (!inside) {
        outside.add(line);
      }
    }
    return outside.stream();
  }
}
