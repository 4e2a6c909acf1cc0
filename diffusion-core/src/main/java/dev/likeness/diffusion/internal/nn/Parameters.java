package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The source of a network's tensors: a loaded file, seeded initial values, or the casts of a
 * training step.
 */
public interface Parameters {
  /** Returns true if there is a tensor with this full name. */
  boolean has(String name);

  /**
   * Returns the tensor with this full name, which must have this shape. The parameters own it;
   * callers never close it.
   */
  Tensor get(String name, long... shape);

  /**
   * Returns a tensor as a layer's weight, which may be stored in a smaller type than it is used in.
   */
  default LayerWeight matrix(String name, long... shape) {
    return new LayerWeight.Plain(get(name, shape));
  }

  /**
   * Returns a tensor as a layer's weight without forms that layers derive from it. It takes no more
   * memory than the weight as it is stored.
   */
  default LayerWeight unpackedMatrix(String name, long... shape) {
    return new LayerWeight.Plain(get(name, shape));
  }

  /** Returns true if the network's blocks are loaded by {@link #block} for each use. */
  default boolean isStreamed() {
    return false;
  }

  /** Returns the tensors below the module {@code path}, not loaded yet. */
  default Block block(String path) {
    throw new IllegalStateException(
        "these tensors stay in memory and are not loaded by block; use get");
  }

  /**
   * Master weights cast to another type for one training step. Gradients flow back through the
   * casts; the calling scope owns them. A new network is built over it in each step, which costs
   * less than the casts.
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

  /** Some of a network's tensors, which are in memory only while they are used. */
  public interface Block extends Parameters, AutoCloseable {
    /** Loads the tensors, on any thread; needed before the first read. */
    void load();

    /** Marks the last use: the thread that computes has queued all its work with the tensors. */
    void endUse();

    /** Frees the tensors, on any thread, after the device has finished that work. */
    @Override
    void close();
  }
}
