package dev.likeness.diffusion.adapt;

import org.bytedeco.pytorch.Tensor;

/** What an adapter adds to one layer's output, computed beside the layer from the same input. */
@FunctionalInterface
public interface SidePath {
  /** The addition for {@code input}; same shape and type as the layer's output, owned by the calling scope. */
  Tensor delta(Tensor input);

  /** The same beside a convolution, which goes over its input with this stride and padding (each for both sides). */
  default Tensor delta(Tensor input, long[] stride, long[] padding) {
    return delta(input);
  }
}
