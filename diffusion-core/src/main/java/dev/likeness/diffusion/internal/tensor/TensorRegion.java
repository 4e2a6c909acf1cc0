package dev.likeness.diffusion.internal.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Owns tensors that live longer than a scope, on any thread: weights, adapters, optimiser state.
 * Thread-safe.
 */
public final class TensorRegion implements AutoCloseable {
  private final List<Tensor> owned = new ArrayList<>();
  private boolean closed;

  /**
   * Keeps {@code tensor} alive until {@link #close()}, independent of the scope in which it was
   * created.
   */
  public synchronized Tensor keep(Tensor tensor) {
    if (closed) {
      throw new IllegalStateException("the region is closed; nothing can be kept in it");
    }
    tensor.retainReference();
    owned.add(tensor);
    return tensor;
  }

  /** Takes all tensors of {@code other}, which is empty afterwards. */
  public synchronized void adopt(TensorRegion other) {
    if (closed) {
      throw new IllegalStateException("the region is closed; nothing can be kept in it");
    }
    owned.addAll(other.owned);
    other.owned.clear();
  }

  /** Frees all tensors; a second call does nothing. */
  @Override
  public synchronized void close() {
    closed = true;
    owned.forEach(Tensor::releaseReference);
    owned.clear();
  }
}
