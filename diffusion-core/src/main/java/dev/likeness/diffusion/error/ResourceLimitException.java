package dev.likeness.diffusion.error;

/**
 * The request is sound but this machine cannot serve it: no memory, no disk space, no such device,
 * natives missing. The message names what is missing and how to get it. The command answers it with
 * exit status 4.
 */
public class ResourceLimitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ResourceLimitException(String message) {
    super(message);
  }

  public ResourceLimitException(String message, Throwable cause) {
    super(message, cause);
  }
}
