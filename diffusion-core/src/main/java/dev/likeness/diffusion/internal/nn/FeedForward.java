package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The gated feed-forward of a transformer block: GEGLU (Shazeer 2020, arXiv:2002.05202), four times
 * as wide inside.
 */
public final class FeedForward {
  private final Linear in;
  private final Linear out;

  /** Reads {@code net.0.proj} [8 width, width] and {@code net.2} [width, 4 width]. */
  public FeedForward(Weights w, int width) {
    in = new Linear(w.at("net.0.proj"), width, 8L * width);
    out = new Linear(w.at("net.2"), 4L * width, width);
  }

  public Tensor forward(Tensor x) {
    TensorVector halves = in.forward(x).chunk(2, -1);
    return out.forward(halves.get(0).mul(torch.gelu(halves.get(1))));
  }

  /**
   * SwiGLU: two linear layers without bias; between them SiLU of one half times the other half
   * (Shazeer 2020, arXiv:2002.05202).
   */
  public static final class GatedFeedForward {
    private final Linear both;
    private final Linear gate;
    private final Linear in;
    private final Linear out;

    private GatedFeedForward(Linear both, Linear gate, Linear in, Linear out) {
      this.both = both;
      this.gate = gate;
      this.in = in;
      this.out = out;
    }

    /**
     * Reads {@code linear_in} [2 inner, width], the gate first, and {@code linear_out} [width,
     * inner].
     */
    public static GatedFeedForward fused(Weights w, int width, int inner) {
      return new GatedFeedForward(
          Linear.withoutBias(w.at("linear_in"), width, 2L * inner),
          null,
          null,
          Linear.withoutBias(w.at("linear_out"), inner, width));
    }

    /**
     * Reads the gate {@code w1} and {@code w3}, both [inner, width], and {@code w2} [width, inner].
     */
    public static GatedFeedForward separate(Weights w, int width, int inner) {
      return new GatedFeedForward(
          null,
          Linear.withoutBias(w.at("w1"), width, inner),
          Linear.withoutBias(w.at("w3"), width, inner),
          Linear.withoutBias(w.at("w2"), inner, width));
    }

    public Tensor forward(Tensor x) {
      return out.forward(
          both == null
              ? Activation.SILU.applyInPlace(gate.forward(x)).mul(in.forward(x))
              : siluGate(both.forward(x)));
    }

    /** Returns SiLU of the first half of the channels times the second half. */
    public static Tensor siluGate(Tensor x) {
      long half = x.size(-1) / 2;
      return Activation.SILU.apply(x.narrow(-1, 0, half)).mul(x.narrow(-1, half, half));
    }
  }

  /** Two linear layers with GELU (tanh formula) between them, four times as wide inside. */
  public static final class GeluFeedForward {
    private final Linear in;
    private final Linear out;

    /** Reads {@code net.0.proj} [4 width, width] and {@code net.2} [width, 4 width]. */
    public GeluFeedForward(Weights w, int width) {
      in = new Linear(w.at("net.0.proj"), width, 4L * width);
      out = new Linear(w.at("net.2"), 4L * width, width);
    }

    public Tensor forward(Tensor x) {
      return out.forward(Activation.GELU_TANH.apply(in.forward(x)));
    }
  }
}
