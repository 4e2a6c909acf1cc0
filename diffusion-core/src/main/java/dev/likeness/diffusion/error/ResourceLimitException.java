package dev.likeness.diffusion.error;

/**
 * Thrown if a request is valid, but this machine lacks memory, disk space, a device or native
 * libraries.
 *
 * <p>The message names what is missing and how to get it. The command {@code likeness} exits with
 * status 4.
 */
public class ResourceLimitException extends LikenessException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message one line: what is missing, and how to get it
   */
  public ResourceLimitException(String message) {
    super(message);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param message one line: what is missing, and how to get it
   * @param cause the exception that says why the resource is missing
   */
  public ResourceLimitException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * {@return true if a failure says that the memory of the machine or of the GPU is full} Failures
   * of libtorch are RuntimeExceptions that differ only in their text.
   *
   * @param failure any failure
   */
  public static boolean isOutOfMemory(Throwable failure) {
    String text = String.valueOf(failure.getMessage());
    return failure instanceof OutOfMemoryError
        || text.contains("std::bad_alloc")
        || text.contains("out of memory")
        || text.contains("can't allocate memory")
        || text.contains("not enough memory");
  }
}
