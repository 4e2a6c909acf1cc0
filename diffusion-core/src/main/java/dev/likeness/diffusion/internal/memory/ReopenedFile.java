package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorSource;
import java.util.function.Supplier;

/** A file of tensors that can be released and is opened again at its next use. Thread-safe. */
final class ReopenedFile {
  private final Supplier<TensorSource> opener;
  private volatile TensorSource source;
  private boolean isReleased;
  private volatile boolean closed;

  /** {@code opener} is null for a file that stays open until it is closed. */
  ReopenedFile(TensorSource source, Supplier<TensorSource> opening) {
    this.source = source;
    this.opener = opening;
  }

  /** The file, open. */
  synchronized TensorSource open() {
    requireOpen();
    if (isReleased) {
      source = opener.get();
      isReleased = false;
    }
    return source;
  }

  /** Names, shapes and types of its tensors, which are known while it is released, too. */
  TensorSource header() {
    return source;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          source.describe() + " is closed; open it again to use its tensors");
    }
  }

  /** Unmaps a file that can be opened again. */
  synchronized void release() {
    if (opener != null && !closed) {
      source.close();
      isReleased = true;
    }
  }

  /**
   * Closes the file for good, after {@code freeing} what is placed from it.
   *
   * @return false when it was closed before
   */
  synchronized boolean close(Runnable freeing) {
    if (closed) {
      return false;
    }
    closed = true;
    freeing.run();
    source.close();
    return true;
  }
}
