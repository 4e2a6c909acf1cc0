package dev.likeness.diffusion.error;

/**
 * Thrown by long work if the caller cancelled it. The work leaves no partial file. The command
 * {@code likeness} exits with status 130.
 */
public final class CancelledException extends LikenessException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line that says how the work was cancelled
   */
  public CancelledException(String message) {
    super(message);
  }
}
