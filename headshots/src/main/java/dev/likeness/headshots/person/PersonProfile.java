package dev.likeness.headshots.person;

import dev.likeness.photos.AcceptedPhoto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A person's appearance in words, each with a confidence. The words are read from the photos and
 * can be corrected by the user. They are used in the captions of the training and in prompts, and
 * are kept in the person's file. Immutable.
 *
 * @param traits at most one trait for each attribute, in the order in which they were found
 */
public record PersonProfile(List<Trait> traits) {
  /** A profile without traits. */
  public static final PersonProfile UNKNOWN = new PersonProfile(List.of());

  /**
   * Captions and prompts use only traits of at least this confidence. A wrong word changes the
   * generated person; a missing word does not, because the trained face has the trait anyway.
   */
  public static final double MIN_CONFIDENCE = 0.5;

  /** Copies the traits. */
  public PersonProfile {
    traits = List.copyOf(traits);
  }

  /**
   * {@return the attributes that users can correct, such as {@code glasses}, in the order of
   * {@link ProfileVocabulary#attributes}}
   */
  public static List<String> attributes() {
    return ProfileVocabulary.attributes().stream()
        .map(ProfileVocabulary.Attribute::name)
        .toList();
  }

  /**
   * Measures the tone of skin and the colour of hair in photos.
   *
   * @param photos the person's photos, at least one
   * @return a profile with skin and hair only
   */
  public static PersonProfile fromPixels(List<AcceptedPhoto> photos) {
    return UNKNOWN.withPixels(photos);
  }

  /**
   * {@return this profile with the tone of skin and the colour of hair in photos; traits that are
   * known stay}
   *
   * @param photos the person's photos, at least one
   */
  public PersonProfile withPixels(List<AcceptedPhoto> photos) {
    return PixelTraits.of(photos, this);
  }

  /**
   * The same profile with a correction by the user.
   *
   * @param attribute one of {@link #attributes()}
   * @param words new words, such as {@code round glasses}. In words for hair, {@code #} stands for
   *     the colour; for known words such as {@code long hair}, this method adds the {@code #}. An
   *     empty text means that the person has no such thing, for example no glasses; captions and
   *     prompts then do not mention it
   * @return the corrected profile
   * @throws IllegalArgumentException if the attribute is unknown
   */
  public PersonProfile withCorrection(String attribute, String words) {
    if (!attributes().contains(attribute)) {
      throw new IllegalArgumentException(
          "unknown trait \"" + attribute + "\"; known: " + String.join(", ", attributes()));
    }
    return with(new Trait(
        attribute,
        ProfileVocabulary.canonicalWords(attribute, words.strip()),
        1,
        Trait.Source.USER));
  }

  /**
   * The trait of one attribute.
   *
   * @param attribute one of {@link #attributes()}
   * @return the trait; empty if it is not known
   */
  public Optional<Trait> trait(String attribute) {
    return traits.stream().filter(trait -> trait.attribute().equals(attribute)).findFirst();
  }

  /**
   * The person in words for prompts, such as {@code a young woman with fair skin and red hair}.
   * Only traits with at least {@link #MIN_CONFIDENCE} are used.
   *
   * @return the words, with an article
   */
  public String phrase() {
    return vocabulary(MIN_CONFIDENCE).phrase();
  }

  /**
   * The class word, and only those traits that the user gave: a base that sees the person needs no
   * other words.
   */
  String userWords() {
    String words = new PersonProfile(traits.stream()
            .filter(trait ->
                trait.source() == Trait.Source.USER || trait.attribute().equals("sex"))
            .toList())
        .phrase();
    return words.substring(words.indexOf(' ') + 1);
  }

  /**
   * {@return the class word: {@code woman} or {@code man} if the sex is known with a confidence of
   * at least {@link #MIN_CONFIDENCE}, otherwise {@code person}}
   */
  public String classWord() {
    return vocabulary(MIN_CONFIDENCE).classWord();
  }

  /**
   * The same profile with one trait added or replaced.
   *
   * @param trait the new trait
   * @return the new profile
   */
  public PersonProfile with(Trait trait) {
    Map<String, Trait> bySlot = new LinkedHashMap<>();
    traits.forEach(old -> bySlot.put(old.attribute(), old));
    bySlot.put(trait.attribute(), trait);
    return new PersonProfile(new ArrayList<>(bySlot.values()));
  }

  /**
   * The words of the traits with at least the given confidence. Some attributes, such as a beard,
   * apply to one sex only. For a person of the other sex, the words of such an attribute are used
   * only if the user gave them.
   *
   * @param confidence the lowest confidence, 0 to 1
   * @return the words
   */
  public ProfileVocabulary vocabulary(double confidence) {
    ProfileVocabulary sure = vocabulary(trait -> trait.confidence() >= confidence);
    List<String> foreign = ProfileVocabulary.attributes().stream()
        .filter(attribute -> !sure.values().getOrDefault("sex", "").isEmpty())
        .filter(attribute -> !sure.isApplicable(attribute))
        .map(ProfileVocabulary.Attribute::name)
        .toList();
    return vocabulary(trait -> trait.confidence() >= confidence
        && (trait.source() == Trait.Source.USER || !foreign.contains(trait.attribute())));
  }

  private ProfileVocabulary vocabulary(Predicate<Trait> said) {
    ProfileVocabulary words = ProfileVocabulary.EMPTY;
    for (Trait trait : traits) {
      words = said.test(trait) ? words.with(trait.attribute(), trait.value()) : words;
    }
    return words;
  }

  /** {@return one object for each trait, in the format of person files and {@code record.json}} */
  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Trait trait : traits) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put(PersonMetadata.ATTRIBUTE, trait.attribute());
      entry.put("value", trait.value());
      entry.put("confidence", Math.round(1000 * trait.confidence()) / 1000.0);
      entry.put("source", trait.source().label());
      list.add(entry);
    }
    return list;
  }

  /**
   * One statement about a person's appearance.
   *
   * @param attribute one of {@link PersonProfile#attributes()}, such as {@code hair}
   * @param value the words, such as {@code short # hair}, where {@code #} stands for the colour. An
   *     empty text means that the person has no such thing, for example no glasses
   * @param confidence 0 (a guess) to 1 (certain)
   * @param source where the statement comes from
   */
  public record Trait(String attribute, String value, double confidence, Source source) {
    /** The origin of a trait. */
    public enum Source {
      /** The photos: measured from pixels, or described by the base's captioner (a network). */
      PHOTOS("photos"),
      /** The base model. Only files of earlier versions have this source. */
      BASE_MODEL("base model"),
      /** The user. */
      USER("user");

      private final String label;

      Source(String label) {
        this.label = label;
      }

      /** {@return the word for this source in files and {@code record.json}} */
      public String label() {
        return label;
      }
    }

    /**
     * Checks the attribute and the confidence.
     *
     * @throws IllegalArgumentException if the attribute is blank or the confidence is outside 0 to
     *     1
     */
    public Trait {
      if (attribute.isBlank() || !(confidence >= 0 && confidence <= 1)) {
        throw new IllegalArgumentException(
            "a trait needs an attribute and a confidence in 0..1, got \"" + attribute + "\" and "
                + confidence);
      }
    }
  }
}
