package dev.likeness.diffusion.internal.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * One tensor that a run carries from step to step; it dies with the scope that was open on this
 * thread when this was made.
 */
public final class CachedTensor {
  private final PointerScope scope;
  private Tensor tensor;

  /** Nothing yet, in the scope that is open now. */
  public CachedTensor() {
    this(PointerScope.getInnerScope());
  }

  private CachedTensor(PointerScope home) {
    this.scope = home;
    if (home == null) {
      throw new IllegalStateException("open a TensorScope first: what a run carries dies with it");
    }
  }

  /** Nothing yet, in this one's scope. */
  public CachedTensor inSameScope() {
    return new CachedTensor(scope);
  }

  /** What is carried, or null. */
  public Tensor tensor() {
    return tensor;
  }

  /** Carries another tensor, but not what it was computed from, and frees the one before. */
  public void replace(Tensor next) {
    Tensor alone = next.requires_grad() ? next.detach() : next;
    scope.attach(alone);
    if (tensor != null) {
      scope.detach(tensor);
    }
    tensor = alone;
  }
}
