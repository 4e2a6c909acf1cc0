package dev.likeness.diffusion.internal.adapter;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** What an adapter adds to one layer's output, computed beside the layer from the same input. */
@FunctionalInterface
public interface AdapterLayer {
  /**
   * The addition for {@code input}; same shape and type as the layer's output, owned by the calling
   * scope.
   */
  Tensor delta(Tensor input);

  /**
   * The same beside a convolution, which goes over its input with this stride and padding (each for
   * both sides).
   */
  default Tensor delta(Tensor input, long[] stride, long[] padding) {
    return delta(input);
  }

  /**
   * What this is of, where that may act but once however many adapters of a request bring it, such
   * as the LoRA that all prompts of one IP-Adapter share; null for a path that adds up with every
   * other.
   */
  default Object deduplicationKey() {
    return null;
  }

  /**
   * A path of two factors: {@code scale * up (down x)}.
   *
   * @param down [rank, in] or [rank, in, kernel, kernel]
   * @param up [out, rank] or [out, rank, 1, 1]
   */
  record Factors(Tensor down, Tensor up, double scale) {}

  /**
   * The factors of a path that is nothing but two, with which the paths of several rows are
   * computed at once.
   */
  default Optional<Factors> lowRank() {
    return Optional.empty();
  }
}
