package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/** Two linear layers around GELU by its tanh formula, four times as wide inside. */
public final class GeluFeedForward {
  private final Linear in;
  private final Linear out;

  /** Reads {@code net.0.proj} [4 width, width] and {@code net.2} [width, 4 width]. */
  public GeluFeedForward(Weights w, int width) {
    in = new Linear(w.at("net.0.proj"), width, 4L * width);
    out = new Linear(w.at("net.2"), 4L * width, width);
  }

  public Tensor forward(Tensor x) {
    return out.forward(Activation.GELU_TANH.of(in.forward(x)));
  }
}
