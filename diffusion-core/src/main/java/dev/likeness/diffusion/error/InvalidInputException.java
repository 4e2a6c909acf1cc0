package dev.likeness.diffusion.error;

/**
 * A file, photo, folder or value that was given cannot be used. The message is one line: what was
 * given, the place in it, what was expected, and what to do. The command answers it with exit
 * status 3.
 */
public class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public InvalidInputException(String message) {
    super(message);
  }

  public InvalidInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
