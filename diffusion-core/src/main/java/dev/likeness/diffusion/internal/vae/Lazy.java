package dev.likeness.diffusion.internal.vae;

import java.util.function.Supplier;

/**
 * Something that is opened at its first use, and again at the first use after it was closed.
 * Thread-safe.
 */
final class Lazy<T extends AutoCloseable> implements AutoCloseable {
  private final Supplier<T> opening;
  private T opened;

  Lazy(Supplier<T> opening) {
    this.opening = opening;
  }

  synchronized T get() {
    if (opened == null) {
      opened = opening.get();
    }
    return opened;
  }

  @Override
  public synchronized void close() {
    try (T last = opened) {
      opened = null;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a part of the model did not close", e);
    }
  }
}
