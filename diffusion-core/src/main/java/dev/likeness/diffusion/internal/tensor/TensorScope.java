package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.natives.LibTorch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A scope of native memory on this thread. All tensors created inside are freed with it, except
 * promoted ones.
 *
 * <p>Code with a loop opens the scope: the sampling loop for each step, a network for each block. A
 * single layer's {@code forward} opens none. Therefore a scope is where cancelled work stops.
 */
public final class TensorScope implements AutoCloseable {
  static {
    LibTorch.load();
  }

  private final PointerScope parent = PointerScope.getInnerScope();
  private final PointerScope inner = new PointerScope();

  private TensorScope() {}

  /**
   * Opens a scope on this thread; close it on the same thread, innermost first.
   *
   * @throws dev.likeness.diffusion.error.CancelledException if the work of this thread was
   *     cancelled
   */
  public static TensorScope open() {
    CurrentWork.throwIfCancelled();
    return new TensorScope();
  }

  /**
   * Moves {@code tensor} to the enclosing scope. If there is none, the caller owns and closes it.
   */
  public Tensor promote(Tensor tensor) {
    if (parent == null) {
      tensor.retainReference();
    } else {
      parent.attach(tensor);
    }
    return tensor;
  }

  /** Promotes {@code next} and frees {@code old}, which the caller promoted earlier. */
  public Tensor replace(Tensor old, Tensor next) {
    promote(next);
    release(old);
    return next;
  }

  /** Frees a tensor that was promoted out of a scope like this one. */
  public void release(Tensor promoted) {
    if (parent == null) {
      promoted.releaseReference();
    } else {
      parent.detach(promoted);
    }
  }

  @Override
  public void close() {
    inner.close();
  }
}
