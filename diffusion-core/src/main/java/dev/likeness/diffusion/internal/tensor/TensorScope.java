package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.internal.natives.LibTorch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A block of native memory on this thread: every tensor made inside dies with it, except what it
 * promotes.
 *
 * <p>Whoever loops opens the scope (the sampler per step, a network per block); a leaf
 * {@code forward} opens nothing.
 */
public final class TensorScope implements AutoCloseable {
  static {
    LibTorch.load();
  }

  private final PointerScope parent = PointerScope.getInnerScope();
  private final PointerScope inner = new PointerScope();

  private TensorScope() {}

  /** Opens a scope on this thread; close it on the same thread, innermost first. */
  public static TensorScope open() {
    return new TensorScope();
  }

  /**
   * Hands {@code tensor} to the enclosing scope, or to the caller (who must close it) when there is
   * none.
   */
  public Tensor promote(Tensor tensor) {
    if (parent == null) {
      tensor.retainReference();
    } else {
      parent.attach(tensor);
    }
    return tensor;
  }

  /** Promotes {@code next} and frees {@code old}, which this method's caller promoted earlier. */
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
