package dev.likeness.diffusion.internal.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A tensor that is kept from step to step of a generation. It is freed with the scope that was open
 * when this object was created.
 */
public final class CachedTensor {
  private final PointerScope scope;
  private Tensor tensor;

  /** Creates an empty holder in the current scope of this thread. */
  public CachedTensor() {
    this(PointerScope.getInnerScope());
  }

  private CachedTensor(PointerScope scope) {
    this.scope = scope;
    if (scope == null) {
      throw new IllegalStateException(
          "no TensorScope is open on this thread; open one, which will own the cached tensor");
    }
  }

  /** Returns an empty holder in the same scope. */
  public CachedTensor inSameScope() {
    return new CachedTensor(scope);
  }

  /** Returns the tensor, or null. */
  public Tensor tensor() {
    return tensor;
  }

  /** Keeps another tensor, without its gradient history, and frees the one before. */
  public void replace(Tensor next) {
    Tensor alone = next.requires_grad() ? next.detach() : next;
    scope.attach(alone);
    if (tensor != null) {
      scope.detach(tensor);
    }
    tensor = alone;
  }
}
