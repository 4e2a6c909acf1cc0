package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;

/** Thrown if there is no consent, or if the consent does not cover a purpose. */
public final class ConsentException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  /** The purpose for which there is no consent. */
  private final Purpose purpose;

  ConsentException(Purpose purpose, String message) {
    super(message);
    this.purpose = purpose;
  }

  /** {@return the purpose for which there is no consent} */
  public Purpose purpose() {
    return purpose;
  }
}
