package dev.likeness.vault;

import dev.likeness.diffusion.error.LikenessException;

/** Thrown if a method is called on a subject that has been erased. */
public final class SubjectErasedException extends LikenessException {
  private static final long serialVersionUID = 1L;

  SubjectErasedException(String id) {
    this(id, null);
  }

  SubjectErasedException(String id, Throwable cause) {
    super("the subject " + id + " has been erased", cause);
  }
}
