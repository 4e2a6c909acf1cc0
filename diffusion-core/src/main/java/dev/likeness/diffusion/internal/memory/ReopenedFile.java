package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** A tensor file that can be released, and opens again at its next use. Thread-safe. */
final class ReopenedFile {
  private final Supplier<TensorSource> opener;
  private volatile TensorSource source;
  private boolean isReleased;
  private volatile boolean closed;

  /** Creates the file; {@code opener} is null for a file that stays open until it is closed. */
  ReopenedFile(TensorSource source, Supplier<TensorSource> opener) {
    this.source = source;
    this.opener = opener;
  }

  /** Returns the open file. */
  synchronized TensorSource open() {
    requireOpen();
    if (isReleased) {
      source = opener.get();
      isReleased = false;
    }
    return source;
  }

  /** Reads a tensor and places it in memory of its own; the calling scope owns it. */
  Tensor readOwn(String name, UnaryOperator<Tensor> placing) {
    try (TensorScope scope = TensorScope.open();
        MappedFile.PrivateCopies own = MappedFile.PrivateCopies.open()) {
      Tensor placed = placing.apply(open().read(name));
      // A slice of a larger tensor would keep all of it in memory.
      return scope.promote(placed.storage().nbytes() > placed.nbytes() ? placed.clone() : placed);
    }
  }

  /**
   * Returns names, shapes and types of the tensors. These are available while the file is released.
   */
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
   * Closes the file for good, after {@code freeing} has freed the tensors loaded from it.
   *
   * @return false if it was already closed
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
