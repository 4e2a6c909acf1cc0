package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.photo.Captioner;
import dev.likeness.headshots.shoot.Headshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Measures how clearly headshots show the hair, clothes, light and backdrop of the prompt. Uses the
 * base's captioner, a network that recognises such attributes in images. Thread-safe.
 */
public final class PromptAdherence implements AutoCloseable {
  private final Optional<Captioner> captioner;

  private PromptAdherence(Optional<Captioner> captioner) {
    this.captioner = captioner;
  }

  /** Opens the captioner of the base, if it has one. */
  static PromptAdherence measure(BaseModel base) {
    return new PromptAdherence(base.folder().flatMap(Captioner::find));
  }

  /**
   * Returns the probability that the image shows the prompt's words for hair, clothes, light and
   * backdrop. It is the geometric mean of the captioner's probabilities of these words. Words that
   * the captioner does not know are left out. In a black-and-white style, colours are left out too.
   *
   * @param headshot the headshot, with its prompt
   * @return 0 to 1; NaN if the base has no captioner, or if the captioner knows no word of the
   *     prompt
   */
  public double measure(Headshot headshot) {
    return measure(headshot, headshot.image());
  }

  /** Returns the value for other pixels of the headshot, such as those of its file. */
  double measure(Headshot headshot, RgbImage pixels) {
    return captioner.map(found -> measureWith(found, headshot, pixels)).orElse(Double.NaN);
  }

  private static double measureWith(Captioner captioner, Headshot headshot, RgbImage pixels) {
    PromptWords wanted = PromptWords.of(headshot.request().prompt(), captioner.attributes());
    return (headshot.style().isMonochrome() ? wanted.withoutColours() : wanted)
        .probability(captioner.describe(pixels));
  }

  /** Closes the captioner. */
  @Override
  public void close() {
    captioner.ifPresent(Captioner::close);
  }

  /**
   * The words of a prompt about hair, clothes, light and backdrop that the base's captioner can
   * find in images. Identity is measured by likeness instead.
   *
   * @param words attribute to index of the prompt's word in the captioner's list for the attribute
   */
  record PromptWords(Map<String, Integer> words) {
    // The attributes, each with the attribute of its colour: # in a word stands for that colour.
    // Sorted, because the order of Map.of differs between processes, and a mean depends on it.
    private static final SortedMap<String, Optional<String>> ATTRIBUTES = new TreeMap<>(Map.of(
        "hair",
        Optional.of("colour"),
        "outfit",
        Optional.of("outfit colour"),
        "light",
        Optional.empty(),
        "backdrop",
        Optional.of("backdrop colour")));

    /** A captioner's word that occurs in the prompt, with the colour in that place, or null. */
    private record Mention(int word, int start, int end, String colour) {}

    /**
     * Finds the captioner's words in a prompt, ignoring case.
     *
     * @param attributes the captioner's attributes with their words
     */
    static PromptWords of(String prompt, Map<String, List<String>> attributes) {
      Map<String, Integer> words = new LinkedHashMap<>();
      ATTRIBUTES.forEach((attribute, colour) -> {
        List<String> colours = toLowerCase(colour.map(attributes::get).orElse(List.of()));
        firstMention(findMentions(
                prompt.toLowerCase(Locale.ROOT),
                toLowerCase(attributes.getOrDefault(attribute, List.of())),
                colours))
            .ifPresent(mention -> {
              words.put(attribute, mention.word);
              if (mention.colour != null) {
                words.put(colour.orElseThrow(), colours.indexOf(mention.colour));
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
     * The first mention; of overlapping mentions the longest, so that "gradient background" is not
     * found as "background".
     */
    private static Optional<Mention> firstMention(List<Mention> all) {
      return all.stream()
          .min(Comparator.comparingInt(Mention::start))
          .flatMap(first -> all.stream()
              .filter(mention -> mention.start < first.end)
              .max(Comparator.comparingInt(mention -> mention.end - mention.start)));
    }

    /**
     * The pattern of a word. Where the word has {@code #}, one of the colours may stand, or none. A
     * leading article is ignored.
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
      // Not inside a longer or hyphenated word: "t-shirt" is not "shirt".
      return Pattern.compile("(?<![\\w-])" + String.join("", parts) + "(?![\\w-])");
    }

    /**
     * The geometric mean of the probabilities of the prompt's words, 0 to 1; NaN if the prompt has
     * none of the words.
     */
    double probability(Map<String, float[]> likely) {
      return Math.exp(words.entrySet().stream()
          .mapToDouble(wanted -> Math.log(likely.get(wanted.getKey())[wanted.getValue()]))
          .average()
          .orElse(Double.NaN));
    }

    /** The same words without colours, which a black-and-white image cannot show. */
    PromptWords withoutColours() {
      return new PromptWords(words.entrySet().stream()
          .filter(wanted -> ATTRIBUTES.containsKey(wanted.getKey()))
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
  }
}
