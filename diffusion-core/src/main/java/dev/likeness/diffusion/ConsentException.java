package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;

/** Something was asked for that nobody is known to have agreed to. */
public final class ConsentException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  private final Purpose purpose;

  ConsentException(Purpose purpose, String message) {
    super(message);
    this.purpose = purpose;
  }

  /** What there is no consent to. */
  public Purpose purpose() {
    return purpose;
  }
}
