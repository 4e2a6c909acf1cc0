package dev.likeness.lora.training;

import dev.likeness.diffusion.Consent;

/**
 * The person that is trained, as prompts name it.
 *
 * @param token a rare token that stands for the person; empty if the class word alone stands for it
 * @param classWord what the person is in the base's words: {@code woman}, {@code man},
 *     {@code person}
 * @param consent the consent, stored in the person's file; empty if unknown
 */
public record PersonToken(String token, String classWord, String consent) {
  public PersonToken {
    if (classWord.isBlank()) {
      throw new IllegalArgumentException(
          "the class word must not be empty; say what is trained, e.g. woman, man, person");
    }
  }

  /** A person called {@code sks} and the class word. */
  public static PersonToken of(String classWord) {
    return new PersonToken("sks", classWord, "");
  }

  /** Called by another rare word, or by none. */
  public PersonToken token(String word) {
    return new PersonToken(word, classWord, consent);
  }

  /** With what they agreed to. */
  public PersonToken consent(Consent consent) {
    return consent(consent.toJson());
  }

  /** With what they agreed to, as a person's file has it: free text, or a consent as JSON. */
  public PersonToken consent(String text) {
    return new PersonToken(token, classWord, text);
  }

  /** What a prompt calls them, e.g. {@code sks woman}. */
  public String phrase() {
    return (token + " " + classWord).trim();
  }

  /** Nothing of the person: it may be logged. */
  @Override
  public String toString() {
    return "a person " + (consent.isEmpty() ? "without" : "with") + " a consent";
  }
}
