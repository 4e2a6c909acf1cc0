package dev.likeness.diffusion.internal.adapter;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * A side path of one layer: an adapter's addition to the layer's output, computed from the same
 * input.
 */
@FunctionalInterface
public interface AdapterLayer {
  /**
   * Returns the addition for {@code input}, of the shape and type of the layer's output; owned by
   * the calling scope.
   */
  Tensor delta(Tensor input);

  /**
   * Returns the addition beside a convolution with this stride and padding (each for both sides).
   */
  default Tensor delta(Tensor input, long[] stride, long[] padding) {
    return delta(input);
  }

  /**
   * Returns a key that identifies the path if it must act only once, even if several adapters of a
   * request have it. An example is the LoRA that all prompts of one IP-Adapter share. Null for a
   * path that is always added.
   */
  default Object deduplicationKey() {
    return null;
  }

  /**
   * A low-rank path: {@code scale * up (down x)}.
   *
   * @param down [rank, in] or [rank, in, kernel, kernel]
   * @param up [out, rank] or [out, rank, 1, 1]
   */
  record Factors(Tensor down, Tensor up, double scale) {}

  /**
   * Returns the factors of a low-rank path, so that the paths of several rows can be computed
   * together; empty for any other path.
   */
  default Optional<Factors> lowRank() {
    return Optional.empty();
  }
}
