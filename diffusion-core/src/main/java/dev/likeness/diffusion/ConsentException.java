package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;

/** Thrown if the consent to a purpose is missing. */
public final class ConsentException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

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
