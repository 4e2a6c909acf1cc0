package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.headshots.internal.photo.PhotoReader;
import dev.likeness.headshots.shoot.Headshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How clearly headshots show what was asked, by the photo reader of the base that generated them.
 * Shared by threads.
 */
public final class PromptAdherence implements AutoCloseable {
  private final Optional<PhotoReader> reader;

  private PromptAdherence(Optional<PhotoReader> reader) {
    this.reader = reader;
  }

  /** Opens the reader that {@code base} brings. */
  static PromptAdherence measure(BaseModel base) {
    return new PromptAdherence(base.folder().flatMap(PhotoReader::find));
  }

  /**
   * How likely the reader finds the hair, clothes, light and backdrop that were asked for: the
   * geometric mean over the words that it knows.
   *
   * @return 0 to 1; NaN where the base brings no reader, or the prompt has none of its words
   */
  public double measure(Headshot headshot) {
    return reader.map(eye -> measureWith(eye, headshot)).orElse(Double.NaN);
  }

  private static double measureWith(PhotoReader reader, Headshot headshot) {
    PromptWords asked = PromptWords.of(headshot.request().prompt(), reader.attributes());
    return (headshot.style().isMonochrome() ? asked.withoutColours() : asked)
        .probability(reader.read(headshot.image()));
  }

  @Override
  public void close() {
    reader.ifPresent(PhotoReader::close);
  }

  /**
   * The words of a prompt about hair, clothes, light and backdrop that a base's photo reader can
   * find in images. Identity is measured by likeness instead.
   *
   * @param words slot to the place of the asked word among the slot's
   */
  record PromptWords(Map<String, Integer> words) {
    // The slots with that of their colour, which # stands for in their words.
    private static final Map<String, Optional<String>> ATTRIBUTES = Map.of(
        "hair",
        Optional.of("colour"),
        "outfit",
        Optional.of("outfit colour"),
        "light",
        Optional.empty(),
        "backdrop",
        Optional.of("backdrop colour"));

    /** A word of a slot where a prompt says it, and the colour that is said of it or null. */
    private record Mention(int word, int start, int end, String colour) {}

    /**
     * Of {@code slots}, a reader's, those that {@code prompt} speaks of; capitals are as small
     * letters.
     */
    static PromptWords of(String prompt, Map<String, List<String>> slots) {
      Map<String, Integer> words = new LinkedHashMap<>();
      ATTRIBUTES.forEach((slot, colour) -> {
        List<String> colours = toLowerCase(colour.map(slots::get).orElse(List.of()));
        firstMention(findMentions(
                prompt.toLowerCase(Locale.ROOT),
                toLowerCase(slots.getOrDefault(slot, List.of())),
                colours))
            .ifPresent(said -> {
              words.put(slot, said.word);
              if (said.colour != null) {
                words.put(colour.orElseThrow(), colours.indexOf(said.colour));
              }
            });
      });
      return new PromptWords(words);
    }

    private static List<String> toLowerCase(List<String> words) {
      return words.stream().map(word -> word.toLowerCase(Locale.ROOT)).toList();
    }

    private static List<Mention> findMentions(
        String prompt, List<String> words, List<String> colours) {
      return IntStream.range(0, words.size())
          .filter(i -> !words.get(i).isEmpty())
          .boxed()
          .flatMap(i -> pattern(words.get(i), colours)
              .matcher(prompt)
              .results()
              .map(found -> findMentions(i, found)))
          .toList();
    }

    private static Mention findMentions(int word, MatchResult found) {
      return new Mention(
          word, found.start(), found.end(), found.groupCount() > 0 ? found.group(1) : null);
    }

    /**
     * The first that is said, and of words in one place the longest: a gradient background is no
     * plain one.
     */
    private static Optional<Mention> firstMention(List<Mention> all) {
      return all.stream()
          .min(Comparator.comparingInt(Mention::start))
          .flatMap(first -> all.stream()
              .filter(said -> said.start < first.end)
              .max(Comparator.comparingInt(said -> said.end - said.start)));
    }

    /**
     * Of a word with a colour's place in it, with one of {@code colours} there or none, whatever
     * its article.
     */
    private static Pattern pattern(String word, List<String> colours) {
      int place = word.indexOf('#');
      String known = colours.stream()
          .filter(colour -> !colour.isEmpty())
          .sorted(Comparator.comparingInt(String::length).reversed())
          .map(Pattern::quote)
          .collect(Collectors.joining("|"));
      String colour = known.isEmpty() ? "" : "(?:(" + known + ") )?";
      List<String> parts = new ArrayList<>();
      parts.add(
          Pattern.quote(place < 0 ? word : word.substring(0, place).replaceFirst("^an? $", "")));
      if (place >= 0) {
        parts.add(colour);
        parts.add(Pattern.quote(word.substring(place + 1).strip()));
      }
      // No part of a longer word, nor of one with a hyphen: a t-shirt is no shirt.
      return Pattern.compile("(?<![\\w-])" + String.join("", parts) + "(?![\\w-])");
    }

    /**
     * The geometric mean of how likely each of the asked words is, 0 to 1; NaN where none is asked
     * for.
     */
    double probability(Map<String, float[]> likely) {
      return Math.exp(words.entrySet().stream()
          .mapToDouble(asked -> Math.log(likely.get(asked.getKey())[asked.getValue()]))
          .average()
          .orElse(Double.NaN));
    }

    /** The same but for colours, which nothing black and white shows. */
    PromptWords withoutColours() {
      return new PromptWords(words.entrySet().stream()
          .filter(asked -> ATTRIBUTES.containsKey(asked.getKey()))
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
  }
}
