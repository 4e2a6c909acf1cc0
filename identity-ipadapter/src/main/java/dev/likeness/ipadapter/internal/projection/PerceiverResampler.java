package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The layers of Flamingo's perceiver resampler (Alayrac et al. 2022, arXiv:2204.14198, section
 * 3.1.1).
 */
public final class PerceiverResampler {
  private final Linear projIn;
  private final List<PerceiverLayer> layers;
  private final Linear projOut;
  private final LayerNorm normOut;

  /** Reads a resampler from width {@code in} to width {@code out}. */
  public PerceiverResampler(Weights w, ResamplerConfig shape, long in, long out) {
    this(w, shape, in, out, false);
  }

  private PerceiverResampler(Weights w, ResamplerConfig shape, long in, long out, boolean timed) {
    projIn = new Linear(w.at("proj_in"), in, shape.width());
    layers = IntStream.range(0, shape.depth())
        .mapToObj(i -> new PerceiverLayer(w.at("layers").at(i), shape, timed))
        .toList();
    projOut = new Linear(w.at("proj_out"), shape.width(), out);
    normOut = new LayerNorm(w.at("norm_out"), out);
  }

  /** Reads a resampler with timestep input. */
  public static PerceiverResampler withTimestep(
      Weights w, ResamplerConfig shape, long in, long out) {
    return new PerceiverResampler(w, shape, in, out, true);
  }

  /**
   * Lets latents [n, tokens, width] attend to x [n, m, in]; {@code time} is a timestep embedding
   * [1, width] or null. Returns [n, tokens, out].
   */
  public Tensor forward(Tensor latents, Tensor x, Tensor time) {
    Tensor projected = projIn.forward(x);
    Tensor seen = time == null ? projected : projected.add(time.unsqueeze(1));
    Tensor tokens = latents;
    for (PerceiverLayer layer : layers) {
      tokens = layer.forward(tokens, seen, time);
    }
    return normOut.forward(projOut.forward(tokens));
  }

  /**
   * A layer: latents attend to the input and to themselves, then a feed-forward. Both have a norm
   * before and a residual connection.
   */
  static final class PerceiverLayer {
    private final LayerNorm normInput;
    private final LayerNorm normLatents;
    private final Linear toQ;
    private final Linear toKv;
    private final Linear toOut;
    private final LayerNorm normInner;
    private final Linear in;
    private final Linear out;
    private final Linear modulation;
    private final long heads;

    /** Reads a layer; if {@code timed}, the timestep shifts and scales the outputs of its norms. */
    PerceiverLayer(Weights w, ResamplerConfig shape, boolean timed) {
      long width = shape.width();
      long inner = shape.innerWidth();
      heads = shape.heads();
      normInput = new LayerNorm(w.at("0.norm1"), width);
      normLatents = new LayerNorm(w.at("0.norm2"), width);
      toQ = Linear.withoutBias(w.at("0.to_q"), width, inner);
      toKv = Linear.withoutBias(w.at("0.to_kv"), width, 2 * inner);
      toOut = Linear.withoutBias(w.at("0.to_out"), inner, width);
      normInner = new LayerNorm(w.at("1.0"), width);
      in = Linear.withoutBias(w.at("1.1"), width, 4 * width);
      out = Linear.withoutBias(w.at("1.3"), 4 * width, width);
      modulation = timed ? new Linear(w.at("2.1"), width, 4 * width) : null;
    }

    /**
     * Maps latents [n, tokens, width] to the same shape, given inputs [n, m, width] and a timestep
     * embedding [1, width] or null.
     */
    Tensor forward(Tensor latents, Tensor seen, Tensor time) {
      TensorVector told = modulation == null
          ? null
          : modulation.forward(torch.silu(time)).unsqueeze(1).chunk(4, -1);
      Tensor own = modulate(normLatents.forward(latents), told, 0);
      TensorVector kv = toKv.forward(torch.cat(new TensorVector(normInput.forward(seen), own), 1))
          .chunk(2, -1);
      Tensor attended = ScaledDotProduct.attend(
          splitHeads(toQ.forward(own)), splitHeads(kv.get(0)), splitHeads(kv.get(1)));
      Tensor h = latents.add(
          toOut.forward(attended.transpose(1, 2).reshape(latents.size(0), latents.size(1), -1)));
      return h.add(out.forward(torch.gelu(in.forward(modulate(normInner.forward(h), told, 2)))));
    }

    /** Scales and shifts {@code x} by two of the vectors computed from the timestep. */
    private static Tensor modulate(Tensor x, TensorVector told, long first) {
      return told == null
          ? x
          : x.mul(told.get(first + 1).add(new Scalar(1.0))).add(told.get(first));
    }

    private Tensor splitHeads(Tensor x) {
      return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
    }
  }
}
