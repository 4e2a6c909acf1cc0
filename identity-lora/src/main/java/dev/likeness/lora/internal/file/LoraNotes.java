package dev.likeness.lora.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.lora.TrainedPerson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a LoRA's header says to people: kohya's {@code ss_*} notes and Stability's ModelSpec 1.0.1
 * ({@code modelspec.*}).
 *
 * @param title what it is called, or empty
 * @param triggerWords words that its training gave a meaning, most frequent first; empty when the
 *     header names none
 * @param licence what its maker allows, in their words, or empty
 * @param base the base model that its maker names, or empty
 */
public record LoraNotes(String title, List<String> triggerWords, String licence, String base) {
  /**
   * Which notes say what it is called, what its maker allows, and which words it learned; the first
   * is ModelSpec's.
   */
  static final List<String> TITLES = List.of("modelspec.title", "ss_output_name", "name");

  static final List<String> LICENCES = List.of("modelspec.license", "license", "licence");
  static final List<String> TRIGGERS =
      List.of("modelspec.trigger_phrase", "trigger_word", "trigger_words", "instance_prompt");

  private static final List<String> BASES =
      List.of("ss_base_model_version", "modelspec.architecture", "likeness.base");
  private static final int MOST_TAGS = 3;

  public LoraNotes {
    triggerWords = List.copyOf(triggerWords);
  }

  /** Reads a header's free text pairs. */
  public static LoraNotes of(Map<String, String> notes) {
    return new LoraNotes(
        first(notes, TITLES), triggers(notes), first(notes, LICENCES), first(notes, BASES));
  }

  private static String first(Map<String, String> notes, List<String> names) {
    return names.stream()
        .map(notes::get)
        .filter(note -> note != null && !note.isBlank())
        .findFirst()
        .orElse("");
  }

  private static List<String> triggers(Map<String, String> notes) {
    Set<String> words = new LinkedHashSet<>();
    for (String name : TRIGGERS) {
      String said = notes.get(name);
      if (said != null && !said.isBlank()) {
        words.add(said.trim());
      }
    }
    if (notes.containsKey(TrainedPerson.CLASS_WORD)) {
      words.add(
          (notes.getOrDefault(TrainedPerson.TOKEN, "") + " " + notes.get(TrainedPerson.CLASS_WORD))
              .trim());
    }
    if (words.isEmpty()) {
      words.addAll(frequent(notes.getOrDefault("ss_tag_frequency", "")));
    }
    return new ArrayList<>(words);
  }

  /** The tags that stood in the most captions: kohya counts them by folder of pictures. */
  private static List<String> frequent(String json) {
    try {
      Map<String, Object> folders = json.isBlank() ? Map.of() : JSON.std.mapFrom(json);
      Map<String, Long> counts = new LinkedHashMap<>();
      folders.values().stream()
          .filter(Map.class::isInstance)
          .forEach(tags -> ((Map<?, ?>) tags)
              .forEach((tag, count) -> counts.merge(
                  tag.toString().trim(),
                  count instanceof Number n ? n.longValue() : 0L,
                  Long::sum)));
      return counts.entrySet().stream()
          .sorted((a, b) -> Long.compare(b.getValue(), a.getValue()))
          .map(Map.Entry::getKey)
          .filter(tag -> !tag.isEmpty())
          .limit(MOST_TAGS)
          .toList();
    } catch (IOException notJson) {
      return List.of();
    }
  }
}
