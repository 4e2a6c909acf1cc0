package dev.likeness.diffusion.internal.family;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a model has opened, closed together in reverse order even when one of them fails. */
final class OpenParts implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T part) {
    parts.push(part);
    return part;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        failure = failure == null
            ? new IllegalStateException("a part of the model did not close", e)
            : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
