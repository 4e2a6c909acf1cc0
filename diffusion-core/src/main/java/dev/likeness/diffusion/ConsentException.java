package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;

/** Thrown if there is no consent, or if the consent does not cover a purpose. */
public final class ConsentException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  /** The purpose that the consent does not cover. */
  private final Purpose purpose;

  ConsentException(Purpose purpose, String message) {
    super(message);
    this.purpose = purpose;
  }

  /** {@return the purpose that the consent does not cover} */
  public Purpose purpose() {
    return purpose;
  }
}
