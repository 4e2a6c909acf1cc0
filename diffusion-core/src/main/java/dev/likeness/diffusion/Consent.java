package dev.likeness.diffusion;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The consent of a person to the use of their photos. Immutable.
 *
 * <p>{@code HeadshotStudio} requires a consent to review photos, to train on them and to generate
 * headshots. Person files and the records of generated images contain the consent.
 *
 * @param person the person in the photos, as a name or as a reference that the application
 *     understands
 * @param givenBy the person who gave the consent: the person in the photos, or their representative
 * @param purposes the purposes that the person agreed to, at least one
 * @param textVersion the version of the application's consent text
 * @param givenAt the time of the consent
 * @param text the consent in words that the person would recognise; not blank
 */
public record Consent(
    String person,
    String givenBy,
    Set<Purpose> purposes,
    String textVersion,
    Instant givenAt,
    String text) {
  private static final Consent SYNTHETIC = new Consent(
      "nobody",
      "the renderer",
      EnumSet.allOf(Purpose.class),
      "rendered",
      Instant.EPOCH,
      "nobody real is shown: the photos were rendered");

  private static final String FREE_TEXT = "free text";
  private static final String UNNAMED = "the person in the photos";
  private static final String PERSON = "the person";

  /**
   * Checks the text and the purposes, removes space around the text, and copies the purposes.
   *
   * @throws IllegalArgumentException if the text is blank or there is no purpose
   */
  public Consent {
    if (Objects.requireNonNull(text, "text").isBlank()) {
      throw new IllegalArgumentException(
          "the text of a consent is empty; give the words that the person agreed to");
    }
    if (purposes.isEmpty()) {
      throw new IllegalArgumentException("a consent has no purpose; give at least one");
    }
    text = text.strip();
    purposes = Set.copyOf(purposes);
  }

  /**
   * {@return a consent to every purpose, given now by the person in the photos}
   *
   * @param text the consent in free words, which name the person and the use of the photos; not
   *     blank
   * @throws IllegalArgumentException if the text is blank
   */
  public static Consent of(String text) {
    return new Consent(
        UNNAMED,
        PERSON,
        EnumSet.allOf(Purpose.class),
        FREE_TEXT,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        text);
  }

  /**
   * {@return a copy of this consent with the name of the person in the photos}
   *
   * @param name the person in the photos, as a name or as a reference that the application
   *     understands; not blank
   * @throws IllegalArgumentException if the name is blank
   */
  public Consent person(String name) {
    return new Consent(requireName(name, "person"), givenBy, purposes, textVersion, givenAt, text);
  }

  /**
   * {@return a copy of this consent with the name of the person who gave it} For a child, this
   * person is a guardian.
   *
   * @param giver the giver's name, such as {@code "Eva Byron, her mother"}; not blank
   * @throws IllegalArgumentException if the name is blank
   */
  public Consent givenBy(String giver) {
    return new Consent(person, requireName(giver, "giver"), purposes, textVersion, givenAt, text);
  }

  private static String requireName(String name, String of) {
    if (Objects.requireNonNull(name, "name").isBlank()) {
      throw new IllegalArgumentException(
          "the name of the " + of + " in a consent is empty; give a name, or leave it out");
    }
    return name.strip();
  }

  /**
   * {@return the name or reference of the person in the photos; empty if the consent names no
   * person}
   */
  public Optional<String> personName() {
    return Optional.ofNullable(person).filter(name -> !name.equals(UNNAMED));
  }

  /**
   * {@return the representative who gave the consent for the person, such as a guardian; empty if
   * the person gave the consent}
   */
  public Optional<String> representative() {
    return Optional.ofNullable(givenBy)
        .filter(giver -> !giver.equals(PERSON) && !giver.equals(person));
  }

  /**
   * {@return the consent for synthetic people, which covers every purpose} Every call returns the
   * same object.
   */
  public static Consent synthetic() {
    return SYNTHETIC;
  }

  /**
   * {@return true if this is the consent {@link #synthetic()} or a copy of it with fewer purposes}
   */
  public boolean isSynthetic() {
    return person.equals(SYNTHETIC.person)
        && givenBy.equals(SYNTHETIC.givenBy)
        && textVersion.equals(SYNTHETIC.textVersion)
        && text.equals(SYNTHETIC.text);
  }

  /**
   * {@return a copy of this consent that covers exactly the given purposes}
   *
   * @param first a purpose
   * @param more further purposes
   */
  public Consent limitedTo(Purpose first, Purpose... more) {
    return new Consent(person, givenBy, EnumSet.of(first, more), textVersion, givenAt, text);
  }

  /**
   * Checks that a consent covers a purpose.
   *
   * @param consent the consent
   * @param purpose the purpose that the consent must cover
   * @return the same consent
   * @throws ConsentException if {@code consent} is null or does not cover {@code purpose}
   */
  public static Consent require(Consent consent, Purpose purpose) {
    if (consent == null) {
      throw new ConsentException(
          purpose,
          "there is no consent to " + purpose.description()
              + "; give the consent of the person in the photos");
    }
    if (!consent.purposes.contains(purpose)) {
      throw new ConsentException(
          purpose,
          "the consent covers "
              + consent.purposes.stream()
                  .sorted()
                  .map(Purpose::description)
                  .collect(Collectors.joining(", "))
              + ", not " + purpose.description()
              + "; ask the person to consent to this purpose too");
    }
    return consent;
  }

  /**
   * Checks that a person's consent is known and that it covers a purpose.
   *
   * @param <T> the type of the identity
   * @param identity the person
   * @param purpose the purpose that the person's consent must cover
   * @return the same identity
   * @throws ConsentException if {@link Identity#consent()} is empty or does not cover
   *     {@code purpose}
   */
  public static <T extends Identity> T require(T identity, Purpose purpose) {
    require(
        identity
            .consent()
            .orElseThrow(() -> new ConsentException(
                purpose,
                "no consent to " + purpose.description()
                    + " is recorded for this person; ask them, then give --consent TEXT,"
                    + " or in Java person.withConsent(Consent.of(TEXT))")),
        purpose);
    return identity;
  }

  /**
   * {@return this consent, limited to purposes that another consent covers too; empty if no purpose
   * is left}
   *
   * @param other the other consent; only its purposes are used
   */
  public Optional<Consent> intersect(Consent other) {
    Set<Purpose> both = EnumSet.copyOf(purposes);
    both.retainAll(other.purposes);
    return both.isEmpty()
        ? Optional.empty()
        : Optional.of(new Consent(person, givenBy, both, textVersion, givenAt, text));
  }

  /** {@return this consent as a JSON object, which {@link #parse} reads} */
  public String toJson() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("whose", person);
    map.put("given_by", givenBy);
    map.put("purposes", purposes.stream().sorted().map(Purpose::id).toList());
    map.put("text_version", textVersion);
    map.put("given", givenAt.toString());
    map.put("text", text);
    try {
      return JSON.std.asString(map);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  /**
   * Reads a consent that {@link #toJson()} wrote, or the free text that early versions wrote to
   * person files. For a free text, the result is a consent with this text. It covers every purpose
   * and is dated 1 January 1970.
   *
   * @param json the JSON object or the free text; not blank
   * @return the consent
   * @throws InvalidInputException if {@code json} starts with a brace, but is not a JSON object
   *     that {@link #toJson()} wrote
   * @throws IllegalArgumentException if {@code json} is blank
   */
  public static Consent parse(String json) {
    if (json.startsWith("{")) {
      try {
        Map<String, Object> map = JSON.std.mapFrom(json);
        Set<Purpose> purposes = ((List<?>) map.get("purposes"))
            .stream().map(word -> Purpose.parse((String) word)).collect(Collectors.toSet());
        return new Consent(
            (String) map.get("whose"),
            (String) map.get("given_by"),
            purposes,
            (String) map.get("text_version"),
            Instant.parse((String) map.get("given")),
            (String) map.get("text"));
      } catch (IOException | RuntimeException e) {
        throw new InvalidInputException(
            "the consent in the person file cannot be read; train the person again", e);
      }
    }
    return new Consent(
        UNNAMED, PERSON, EnumSet.allOf(Purpose.class), FREE_TEXT, Instant.EPOCH, json);
  }

  /**
   * {@return the purposes of this consent in words} The result contains neither names nor the
   * consent's text, so it may be logged.
   */
  @Override
  public String toString() {
    return "consent to "
        + purposes.stream().sorted().map(Purpose::description).collect(Collectors.joining(", "));
  }
}
