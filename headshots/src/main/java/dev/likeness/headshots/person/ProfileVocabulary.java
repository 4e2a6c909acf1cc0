package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What can be said of how someone looks, a word for each slot; slots not yet filled are left out.
 *
 * @param values slot to word
 */
public record ProfileVocabulary(Map<String, String> values) {
  /**
   * Something that can be said.
   *
   * @param name of the slot
   * @param words its possible words; an empty one says nothing
   * @param sex the only sex that it is asked of, or null for both
   */
  public record Attribute(String name, List<String> words, String sex) {}

  private static final List<Attribute> ATTRIBUTES = read();

  /** Nothing said yet: a person. */
  static final ProfileVocabulary EMPTY = new ProfileVocabulary(Map.of());

  /** The slots in the order in which they are best found out. */
  public static List<Attribute> attributes() {
    return ATTRIBUTES;
  }

  /**
   * The word of a slot that {@code words} are but for capitals and the place of a colour; else the
   * words themselves.
   */
  static String canonicalWords(String slot, String words) {
    return ATTRIBUTES.stream()
        .filter(known -> known.name.equals(slot))
        .flatMap(known -> known.words.stream())
        .filter(word -> word.replace("# ", "").equalsIgnoreCase(words))
        .findFirst()
        .orElse(words);
  }

  /** Whether the slot can be asked of this person. */
  public boolean isApplicable(Attribute slot) {
    return slot.sex() == null || slot.sex().equals(word("sex"));
  }

  ProfileVocabulary with(String slot, String word) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(slot, word);
    return new ProfileVocabulary(more);
  }

  /** Such as {@code a young woman with fair skin, short red hair and glasses}. */
  String phrase() {
    String noun = (word("age") + " " + classWord()).strip();
    String hair =
        word("hair").replace("#", word("colour")).replaceAll(" +", " ").strip();
    List<String> with = Stream.of(word("skin"), hair, word("beard"), word("glasses"), word("marks"))
        .filter(w -> !w.isEmpty())
        .toList();
    return ("aeio".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ")
        + noun
        + (with.isEmpty() ? "" : " with " + join(with));
  }

  /**
   * What anybody of their kind is called: {@code woman}, {@code man}, or {@code person} where
   * neither is known.
   */
  String classWord() {
    return word("sex").isEmpty() ? "person" : word("sex");
  }

  private String word(String slot) {
    return values.getOrDefault(slot, "");
  }

  private static String join(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0
        ? parts.get(0)
        : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }

  private static List<Attribute> read() {
    try (InputStream in = ProfileVocabulary.class.getResourceAsStream("person-words.json")) {
      return JSON.std.listFrom(in).stream()
          .map(slot -> attribute((Map<?, ?>) slot))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Attribute attribute(Map<?, ?> fields) {
    List<String> words =
        ((List<?>) fields.get("words")).stream().map(Object::toString).toList();
    return new Attribute((String) fields.get("attribute"), words, (String) fields.get("sex"));
  }
}
