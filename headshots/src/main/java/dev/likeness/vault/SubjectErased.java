package dev.likeness.vault;

/** What was asked for belonged to a person whose things have been erased. */
public final class SubjectErased extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  SubjectErased(String id) {
    this(id, null);
  }

  SubjectErased(String id, Throwable cause) {
    super("the subject " + id + " has been erased", cause);
  }
}
