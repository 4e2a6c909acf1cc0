package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/** Two linear layers that map sinusoidal features to the time embedding of the residual blocks. */
public final class TimestepEmbedding {
  private final Linear linear1;
  private final Linear linear2;
  private final Activation activation;

  public TimestepEmbedding(Weights w, int in, int width, Activation activation) {
    this(w, in, width, activation, true);
  }

  private TimestepEmbedding(Weights w, int in, int width, Activation activation, boolean biased) {
    linear1 = Linear.of(w.at("linear_1"), in, width, biased);
    linear2 = Linear.of(w.at("linear_2"), width, width, biased);
    this.activation = activation;
  }

  /** Reads layers without bias. */
  public static TimestepEmbedding withoutBias(Weights w, int in, int width, Activation activation) {
    return new TimestepEmbedding(w, in, width, activation, false);
  }

  /** Maps [batch, in] to [batch, width]. */
  public Tensor forward(Tensor sinusoids) {
    return linear2.forward(activation.apply(linear1.forward(sinusoids)));
  }
}
