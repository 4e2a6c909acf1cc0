package dev.likeness.headshots.person;

import dev.likeness.photos.AcceptedPhoto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How someone looks, in words with how sure they are: found in their photos, corrected by the user.
 * It words the captions that they are learnt by and the prompts that they are drawn by, and it is
 * kept in their file. Immutable.
 *
 * @param traits one a slot at most, in the order in which they were found
 */
public record PersonProfile(List<Trait> traits) {
  /** A profile without traits. */
  public static final PersonProfile UNKNOWN = new PersonProfile(List.of());

  /**
   * The least confidence of a trait in captions and prompts. A wrong word changes the person, and a
   * missing word leaves the trait to the face.
   */
  public static final double MIN_CONFIDENCE = 0.5;

  public PersonProfile {
    traits = List.copyOf(traits);
  }

  /** The attributes that users can correct, such as {@code glasses}, in the order of prompts. */
  public static List<String> attributes() {
    return ProfileVocabulary.attributes().stream()
        .map(ProfileVocabulary.Attribute::name)
        .toList();
  }

  /** What the pixels of a person's photos tell alone: skin and hair, at least one photo. */
  public static PersonProfile fromPixels(List<AcceptedPhoto> photos) {
    return PixelTraits.of(photos, UNKNOWN);
  }

  /**
   * The same as the user corrects it.
   *
   * @param slot one of {@link #attributes()}
   * @param words such as {@code round glasses}; {@code #} stands for the hair's colour, which known
   *     words such as {@code long hair} take without it, too; empty when there is none: captions
   *     and prompts are silent about it, and nothing is guessed
   * @throws IllegalArgumentException for another slot
   */
  public PersonProfile withCorrection(String slot, String words) {
    if (!attributes().contains(slot)) {
      throw new IllegalArgumentException(
          "unknown trait \"" + slot + "\"; known: " + String.join(", ", attributes()));
    }
    return with(new Trait(
        slot, ProfileVocabulary.canonicalWords(slot, words.strip()), 1, Trait.Source.USER));
  }

  /** What is known of one slot. */
  public Optional<Trait> trait(String slot) {
    return traits.stream().filter(trait -> trait.attribute().equals(slot)).findFirst();
  }

  /**
   * What prompts say: such as {@code a young woman with fair skin and red hair}; only what is sure
   * enough.
   */
  public String phrase() {
    return vocabulary(MIN_CONFIDENCE).phrase();
  }

  /**
   * What anybody of their kind is called: {@code woman}, {@code man}, or {@code person} where
   * neither is sure.
   */
  public String classWord() {
    return vocabulary(MIN_CONFIDENCE).classWord();
  }

  public PersonProfile with(Trait trait) {
    Map<String, Trait> bySlot = new LinkedHashMap<>();
    traits.forEach(old -> bySlot.put(old.attribute(), old));
    bySlot.put(trait.attribute(), trait);
    return new PersonProfile(new ArrayList<>(bySlot.values()));
  }

  /**
   * The words of traits with at least this confidence. Attributes of one sex apply to a person of
   * another sex only if the user gave them.
   */
  public ProfileVocabulary vocabulary(double confidence) {
    ProfileVocabulary sure = vocabulary(trait -> trait.confidence() >= confidence);
    List<String> foreign = ProfileVocabulary.attributes().stream()
        .filter(slot -> !sure.values().getOrDefault("sex", "").isEmpty())
        .filter(slot -> !sure.isApplicable(slot))
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

  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Trait trait : traits) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("slot", trait.attribute());
      entry.put("value", trait.value());
      entry.put("confidence", Math.round(1000 * trait.confidence()) / 1000.0);
      entry.put("source", trait.source().label());
      list.add(entry);
    }
    return list;
  }

  /**
   * One thing that can be said of how someone looks.
   *
   * @param attribute what it is about, such as {@code hair}
   * @param value the words, such as {@code short # hair} where {@code #} stands for the colour;
   *     empty says that there is none, such as no glasses
   * @param confidence how sure this is, 0 (a guess) to 1
   * @param source who says so
   */
  public record Trait(String attribute, String value, double confidence, Source source) {
    /** Who says what someone looks like. */
    public enum Source {
      /** The photos' pixels: measured, or read by the base's own reader. */
      PHOTOS("photos"),
      /**
       * The base model, in files of earlier versions, which asked it which caption explains the
       * photos best.
       */
      BASE_MODEL("base model"),
      /** The user, who knows better. */
      USER("user");

      private final String label;

      Source(String word) {
        this.label = word;
      }

      /** As the record spells it. */
      public String label() {
        return label;
      }
    }

    public Trait {
      if (attribute.isBlank() || !(confidence >= 0 && confidence <= 1)) {
        throw new IllegalArgumentException("a trait has a slot and a confidence in 0..1, given \""
            + attribute + "\" and " + confidence);
      }
    }
  }
}
