package dev.likeness.diffusion.nn;

import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/** Two linear layers that turn sinusoids into the vector that every residual block listens to. */
public final class TimestepEmbedding {
  private final Linear linear1;
  private final Linear linear2;
  private final Activation activation;

  public TimestepEmbedding(Weights w, int in, int width, Activation activation) {
    linear1 = new Linear(w.at("linear_1"), in, width);
    linear2 = new Linear(w.at("linear_2"), width, width);
    this.activation = activation;
  }

  /** Maps [batch, in] to [batch, width]. */
  public Tensor forward(Tensor sinusoids) {
    return linear2.forward(activation.of(linear1.forward(sinusoids)));
  }
}
