package dev.likeness.planted.photos;

/**
 * A record that is a resource, a method that is a keyword of Kotlin, and an exception without the
 * root of all exceptions.
 */
public record Trapped(int in) implements AutoCloseable {
  @Override
  public void close() {}

  public static final class NoRootException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
