package dev.likeness.headshots;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What can be said of how someone looks, a word for each slot; slots not yet filled are left out.
 *
 * @param chosen slot to word
 */
record PersonWords(Map<String, String> chosen) {
  private static final Map<String, List<String>> SLOTS = read();

  /** Nothing said yet: a person. */
  static final PersonWords NONE = new PersonWords(Map.of());

  /** The slots in the order in which they are best found out, each with its possible words. */
  static Map<String, List<String>> slots() {
    return SLOTS;
  }

  PersonWords with(String slot, String word) {
    Map<String, String> more = new LinkedHashMap<>(chosen);
    more.put(slot, word);
    return new PersonWords(more);
  }

  /** Such as {@code a young woman with fair skin, short red hair and glasses}. */
  String phrase() {
    String noun = (word("age") + " " + (word("sex").isEmpty() ? "person" : word("sex"))).strip();
    String hair = word("hair").replace("#", word("colour")).replaceAll(" +", " ").strip();
    List<String> with = Stream.of(word("skin"), hair, word("beard"), word("glasses")).filter(w -> !w.isEmpty())
        .toList();
    return ("aeio".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun + (with.isEmpty() ? "" : " with " + join(with));
  }

  private String word(String slot) {
    return chosen.getOrDefault(slot, "");
  }

  private static String join(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0 ? parts.get(0) : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }

  private static Map<String, List<String>> read() {
    try (InputStream in = PersonWords.class.getResourceAsStream("person-words.json")) {
      Map<String, List<String>> slots = new LinkedHashMap<>();
      for (Object slot : JSON.std.listFrom(in)) {
        Map<?, ?> fields = (Map<?, ?>) slot;
        slots.put((String) fields.get("slot"), ((List<?>) fields.get("words")).stream().map(Object::toString).toList());
      }
      return Collections.unmodifiableMap(slots);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
