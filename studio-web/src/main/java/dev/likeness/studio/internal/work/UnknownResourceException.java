package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.InvalidInputException;

/** A person, photo, shoot or image that the store does not have. */
public final class UnknownResourceException extends InvalidInputException {
  private static final long serialVersionUID = 1;

  UnknownResourceException(String message) {
    super(message);
  }
}
