package dev.likeness.diffusion.error;

/**
 * The root of all exceptions that the library defines. Each subclass stands for one kind of cause:
 * input that cannot be used ({@link InvalidInputException}), something that this machine lacks
 * ({@link ResourceLimitException}), or a cancellation ({@link CancelledException}).
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
