package dev.likeness.diffusion.error;

/**
 * The root of all exceptions that the library defines. Its subclasses say whose turn it is:
 * {@link InvalidInputException}, {@link ResourceLimitException} and {@link CancelledException}.
 *
 * <p>A wrong call, such as a negative number of steps, throws {@link IllegalArgumentException}
 * instead, and a call on a closed object throws {@link IllegalStateException}.
 */
public abstract class LikenessException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line: what was given, where, what was expected, and what to do
   */
  protected LikenessException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one line: what was given, where, what was expected, and what to do
   * @param cause the exception that caused this one
   */
  protected LikenessException(String message, Throwable cause) {
    super(message, cause);
  }
}
