package dev.likeness.diffusion.internal.memory;

/**
 * While open on a thread, the models that this thread opens read only the headers of their weights.
 * Weights are read at their first use instead. Estimates of memory never use them, so the files may
 * lack them.
 */
public final class HeadersAlone implements AutoCloseable {
  private static final ThreadLocal<Boolean> ACTIVE = ThreadLocal.withInitial(() -> false);

  private final boolean previous = ACTIVE.get();

  private HeadersAlone() {
    ACTIVE.set(true);
  }

  /** Starts to read headers alone on this thread, until the result is closed. */
  public static HeadersAlone open() {
    return new HeadersAlone();
  }

  static boolean isActive() {
    return ACTIVE.get();
  }

  @Override
  public void close() {
    ACTIVE.set(previous);
  }
}
