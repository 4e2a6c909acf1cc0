package dev.likeness.diffusion;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who agreed to what. Taking photos in and learning a face are only done with one; it travels with
 * the person's file and into the record. Immutable.
 *
 * @param person whose photos they are, in words that the application understands; a reference will
 *     do
 * @param givenBy who says so: the person, or who speaks for them
 * @param purposes what was agreed to; at least one
 * @param textVersion which version of the application's text was agreed to
 * @param givenAt when
 * @param text in words that the person would recognise
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

  public Consent {
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException("a consent needs a text that says who agreed to what");
    }
    if (purposes.isEmpty()) {
      throw new IllegalArgumentException("a consent needs at least one purpose");
    }
    text = text.strip();
    purposes = Set.copyOf(purposes);
  }

  /** To every purpose of this library, now, by the person themselves, in free words. */
  public static Consent of(String text) {
    return new Consent(
        "the person in the photos",
        "the person",
        EnumSet.allOf(Purpose.class),
        FREE_TEXT,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        text);
  }

  /** To every purpose, for people who do not exist: the same one always. */
  public static Consent synthetic() {
    return SYNTHETIC;
  }

  /** The same for these purposes and no others. */
  public Consent limitedTo(Purpose first, Purpose... more) {
    return new Consent(person, givenBy, EnumSet.of(first, more), textVersion, givenAt, text);
  }

  /**
   * The consent, where there is one and it covers a purpose.
   *
   * @throws ConsentException otherwise
   */
  public static Consent require(Consent consent, Purpose purpose) {
    if (consent == null) {
      throw new ConsentException(
          purpose,
          "nobody is said to have agreed to " + purpose.description()
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
              + ", not " + purpose.description() + "; ask the person for that too");
    }
    return consent;
  }

  /**
   * The identity, where its person's consent is known and covers a purpose.
   *
   * @throws ConsentException where {@link Identity#consent()} is empty or does not cover it
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

  /** This consent for those of its purposes that {@code other} covers, too; empty for none. */
  public Optional<Consent> intersect(Consent other) {
    Set<Purpose> both = EnumSet.copyOf(purposes);
    both.retainAll(other.purposes);
    return both.isEmpty()
        ? Optional.empty()
        : Optional.of(new Consent(person, givenBy, both, textVersion, givenAt, text));
  }

  /** The consent as one JSON object. */
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
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads {@link #toJson()}; anything else is a text of a time unknown, as older person files have
   * it.
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
            "the consent in the person's file cannot be read; learn " + "the person again", e);
      }
    }
    return new Consent(
        "the person in the photos",
        "the person",
        EnumSet.allOf(Purpose.class),
        FREE_TEXT,
        Instant.EPOCH,
        json);
  }

  /** Nobody's name or words: it may be logged. */
  @Override
  public String toString() {
    return "consent to "
        + purposes.stream().sorted().map(Purpose::description).collect(Collectors.joining(", "));
  }
}
