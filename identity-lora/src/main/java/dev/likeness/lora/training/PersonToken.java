package dev.likeness.lora.training;

import dev.likeness.diffusion.Consent;

/**
 * The words that prompts use for a trained person, with the person's consent.
 *
 * @param token a rare token that stands for the person; empty if prompts use only the class word
 * @param classWord the class word: a word that the base knows for the kind of person, such as
 *     {@code woman}, {@code man} or {@code person}; not blank
 * @param consent the person's consent, as free text or JSON; empty if unknown
 */
public record PersonToken(String token, String classWord, String consent) {
  /**
   * Checks that the class word is not blank.
   *
   * @throws IllegalArgumentException if the class word is blank
   */
  public PersonToken {
    if (classWord.isBlank()) {
      throw new IllegalArgumentException(
          "the class word must not be blank; give a word such as woman, man or person");
    }
  }

  /**
   * {@return a person named by the token {@code sks} and a class word, without consent}
   *
   * @param classWord the class word, such as {@code woman}; not blank
   * @throws IllegalArgumentException if the class word is blank
   */
  public static PersonToken of(String classWord) {
    return new PersonToken("sks", classWord, "");
  }

  /**
   * {@return a copy of this person with the given rare token}
   *
   * @param rareToken the token; empty if prompts use only the class word
   */
  public PersonToken token(String rareToken) {
    return new PersonToken(rareToken, classWord, consent);
  }

  /**
   * {@return a copy of this person with the given consent}
   *
   * @param consent the consent of the person
   */
  public PersonToken consent(Consent consent) {
    return consent(consent.toJson());
  }

  /**
   * {@return a copy of this person with a consent that is given as text}
   *
   * @param text free text, or a consent as JSON
   */
  public PersonToken consent(String text) {
    return new PersonToken(token, classWord, text);
  }

  /** {@return the words that a prompt uses for the person, e.g. {@code sks woman}} */
  public String phrase() {
    return (token + " " + classWord).trim();
  }

  /** Returns a text without personal data, so it may be logged. */
  @Override
  public String toString() {
    return "a person " + (consent.isEmpty() ? "without" : "with") + " a consent";
  }
}
