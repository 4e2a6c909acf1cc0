package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Master weights seen in another type for one training step: each get is a cast that gradients flow
 * back through, owned by the calling scope. A network is built over it anew in each step, which
 * costs less than the casts.
 */
public record CastParameters(Parameters master, ScalarType type) implements Parameters {
  @Override
  public boolean has(String name) {
    return master.has(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    return master.get(name, shape).to(type);
  }
}
