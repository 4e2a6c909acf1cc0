package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Adaptive layer norm (adaLN-Zero, Peebles and Xie 2022, arXiv:2212.09748): a linear layer maps the
 * time embedding to shifts, scales and gates of a block.
 */
public final class AdaLayerNorm {
  private static final double EPS = 1e-6;

  private final Linear linear;
  private final int width;
  private final int vectors;

  /** Reads {@code linear} [vectors * width, width]. */
  public AdaLayerNorm(Weights w, int width, int vectors) {
    this(new Linear(w.at("linear"), width, (long) vectors * width), width, vectors);
  }

  private AdaLayerNorm(Linear linear, int width, int vectors) {
    this.linear = linear;
    this.width = width;
    this.vectors = vectors;
  }

  /** Reads a layer without bias. */
  public static AdaLayerNorm withoutBias(Weights w, int width, int vectors) {
    return new AdaLayerNorm(
        Linear.withoutBias(w.at("linear"), width, (long) vectors * width), width, vectors);
  }

  /** Returns the vectors, each [batch, 1, width], of the activated embedding [batch, width]. */
  public List<Tensor> vectors(Tensor activated) {
    Tensor all = linear.forward(activated).unsqueeze(1);
    return IntStream.range(0, vectors)
        .mapToObj(i -> all.narrow(2, (long) i * width, width))
        .toList();
  }

  /** Normalises {@code x} without weights, then scales it by {@code 1 + scale} and shifts it. */
  public static Tensor apply(Tensor x, Tensor shift, Tensor scale) {
    return apply(x, scale).add_(shift);
  }

  /** Normalises {@code x} without weights, then scales it by {@code 1 + scale}. */
  public static Tensor apply(Tensor x, Tensor scale) {
    TensorOptional none = new TensorOptional();
    return torch
        .layer_norm(x, new long[] {x.size(-1)}, none, none, EPS, false)
        .mul(scale.add(new Scalar(1.0)));
  }
}
