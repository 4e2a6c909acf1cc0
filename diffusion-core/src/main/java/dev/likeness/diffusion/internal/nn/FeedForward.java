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
}
