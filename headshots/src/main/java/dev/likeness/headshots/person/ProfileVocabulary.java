package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.text.PromptPhrases;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Words about a person's appearance, at most one for each attribute. Immutable.
 *
 * @param values maps an attribute to its word; has no entry for an attribute that is not known
 */
public record ProfileVocabulary(Map<String, String> values) {
  /**
   * An attribute of a person's appearance.
   *
   * @param name such as {@code hair}
   * @param words the possible words; an empty word adds nothing to a prompt
   * @param sex the only sex that the attribute applies to; empty if it applies to both sexes
   */
  public record Attribute(String name, List<String> words, Optional<String> sex) {}

  private static final List<Attribute> ATTRIBUTES = read();

  // Hair of which only the colour is known. Without the colour, there is nothing to say.
  private static final String ANY_HAIR = "# hair";

  /** No words: a person. */
  static final ProfileVocabulary EMPTY = new ProfileVocabulary(Map.of());

  /**
   * {@return the attributes, in the order in which a captioner (a network that describes photos in
   * words) determines them}
   */
  public static List<Attribute> attributes() {
    return ATTRIBUTES;
  }

  /**
   * The known word of an attribute that equals {@code words}; otherwise {@code words} themselves.
   * Case and the placeholder for a colour are ignored. Plain {@code hair} gets the placeholder.
   */
  static String canonicalWords(String attribute, String words) {
    return ATTRIBUTES.stream()
        .filter(known -> known.name.equals(attribute))
        .flatMap(known -> known.words.stream())
        .filter(word -> word.replace("# ", "").equalsIgnoreCase(words))
        .findFirst()
        .orElse(words.equalsIgnoreCase(ANY_HAIR.replace("# ", "")) ? ANY_HAIR : words);
  }

  /**
   * Returns true if the attribute applies to this person.
   *
   * @param attribute the attribute
   * @return false if the attribute applies to one sex only, and the person is not known to be of
   *     that sex
   */
  public boolean isApplicable(Attribute attribute) {
    return attribute.sex().filter(only -> !only.equals(word("sex"))).isEmpty();
  }

  ProfileVocabulary with(String attribute, String word) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(attribute, word);
    return new ProfileVocabulary(more);
  }

  /** Returns words such as {@code a young woman with fair skin, short red hair and glasses}. */
  String phrase() {
    String noun = (word("age") + " " + classWord()).strip();
    String hair = word("hair").equals(ANY_HAIR) && word("colour").isEmpty()
        ? ""
        : word("hair").replace("#", word("colour")).replaceAll(" +", " ").strip();
    List<String> with = Stream.of(word("skin"), hair, word("beard"), word("glasses"), word("marks"))
        .filter(w -> !w.isEmpty())
        .toList();
    return PromptPhrases.withArticle(noun)
        + (with.isEmpty() ? "" : " with " + PromptPhrases.join(with));
  }

  /** The class word: {@code woman}, {@code man}, or {@code person} if neither is known. */
  String classWord() {
    return word("sex").isEmpty() ? "person" : word("sex");
  }

  private String word(String attribute) {
    return values.getOrDefault(attribute, "");
  }

  private static List<Attribute> read() {
    try (InputStream in = ProfileVocabulary.class.getResourceAsStream("person-words.json")) {
      return JSON.std.listFrom(in).stream()
          .map(each -> attribute((Map<?, ?>) each))
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }

  private static Attribute attribute(Map<?, ?> fields) {
    List<String> words =
        ((List<?>) fields.get("words")).stream().map(Object::toString).toList();
    return new Attribute(
        (String) fields.get("attribute"), words, Optional.ofNullable((String) fields.get("sex")));
  }
}
