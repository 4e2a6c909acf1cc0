package dev.likeness.headshots;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a prompt says that a base's own reader can look for in pictures.
 *
 * @param words slot to the place of the asked word among the slot's
 */
record AskedWords(Map<String, Integer> words) {
  private static final Map<String, String> COLOURS = Map.of("hair", "colour", "outfit", "outfit colour", "backdrop",
      "backdrop colour");

  /** A word of a slot where a prompt says it, and the colour that is said of it or null. */
  private record Said(int word, int length, String colour) { }

  /**
   * Of {@code slots}, in whose words {@code #} stands for a colour, those that {@code prompt} speaks of. Where several words of a
   * slot fit, the longest does: a t-shirt is no shirt.
   */
  static AskedWords of(String prompt, Map<String, List<String>> slots) {
    Map<String, Integer> words = new LinkedHashMap<>();
    slots.forEach((slot, list) -> {
      if (!COLOURS.containsValue(slot)) {
        List<String> colours = slots.getOrDefault(COLOURS.getOrDefault(slot, ""), List.of());
        said(prompt, list, colours).ifPresent(said -> {
          words.put(slot, said.word);
          if (said.colour != null) {
            words.put(COLOURS.get(slot), colours.indexOf(said.colour));
          }
        });
      }
    });
    return new AskedWords(words);
  }

  private static Optional<Said> said(String prompt, List<String> words, List<String> colours) {
    return IntStream.range(0, words.size()).filter(i -> !words.get(i).isEmpty()).boxed()
        .flatMap(i -> pattern(words.get(i), colours).matcher(prompt).results().map(found -> said(i, found)))
        .max(Comparator.comparingInt(Said::length));
  }

  private static Said said(int word, MatchResult found) {
    return new Said(word, found.end() - found.start(), found.groupCount() > 0 ? found.group(1) : null);
  }

  /** A coloured thing may have no colour, or one of another article or pattern: {@code an olive sweater}, {@code a plaid shirt}. */
  private static Pattern pattern(String word, List<String> colours) {
    int place = word.indexOf('#');
    if (place < 0) {
      return Pattern.compile("\\b" + Pattern.quote(word) + "\\b");
    }
    String any = colours.stream().sorted(Comparator.comparingInt(String::length).reversed()).map(Pattern::quote)
        .collect(Collectors.joining("|"));
    String before = word.substring(0, place).replaceFirst("^an? $", "");
    return Pattern.compile("\\b" + Pattern.quote(before) + "(?:(" + any + ") )?" + Pattern.quote(word.substring(place + 1).strip()) + "\\b");
  }

  /** The mean likelihood of the asked words, 0 to 1; NaN where none is asked for. */
  double shown(Map<String, float[]> likely) {
    return words.entrySet().stream().mapToDouble(asked -> likely.get(asked.getKey())[asked.getValue()]).average()
        .orElse(Double.NaN);
  }

  /** The same but for colours, which nothing black and white shows. */
  AskedWords colourless() {
    return new AskedWords(words.entrySet().stream().filter(asked -> !COLOURS.containsValue(asked.getKey()))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }
}
