package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where a network's tensors come from: a loaded file, seeded initial values, or the casts of a
 * training step.
 */
public interface Parameters {
  /** Whether a tensor of this full name can be had. */
  boolean has(String name);

  /**
   * The tensor of this full name, which must have this shape. The parameters own it; callers never
   * close it.
   */
  Tensor get(String name, long... shape);

  /** The same as a layer's weight, which may lie in memory smaller than it is used. */
  default LayerWeight matrix(String name, long... shape) {
    return new LayerWeight.Plain(get(name, shape));
  }

  /**
   * Whether the tensors of a network's blocks are brought in by {@link #block} rather than kept.
   */
  default boolean isStreamed() {
    return false;
  }

  /** The tensors below the module {@code path}, still to be loaded. */
  default Block block(String path) {
    throw new IllegalStateException("these tensors stay in memory");
  }

  /**
   * Master weights seen in another type for one training step: each get is a cast that gradients
   * flow back through, owned by the calling scope. A network is built over it anew in each step,
   * which costs less than the casts.
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

  /** Some of a network's tensors, brought into memory for as long as they are used. */
  public interface Block extends Parameters, AutoCloseable {
    /** Brings the tensors in, on whatever thread; before that none can be had. */
    void load();

    /** Frees them. */
    @Override
    void close();
  }
}
