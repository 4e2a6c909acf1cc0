package dev.likeness.diffusion.error;

/**
 * Thrown if a given file, photo, folder or value cannot be used.
 *
 * <p>The message is one line: what was given, where, what was expected, and what to do. The command
 * {@code likeness} exits with status 3.
 */
public class InvalidInputException extends LikenessException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line: what was given, where, what was expected, and what to do
   */
  public InvalidInputException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one line: what was given, where, what was expected, and what to do
   * @param cause the exception that says why the input cannot be used
   */
  public InvalidInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
