package dev.likeness.ipadapter.projection;

import dev.likeness.diffusion.nn.LayerNorm;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.nn.ScaledDotProduct;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.ipadapter.layout.AdapterLayout.Resampling;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Latents attend to what is seen and to themselves, then a feed-forward, each normalised before and added after. */
final class PerceiverLayer {
  private final LayerNorm normSeen;
  private final LayerNorm normLatents;
  private final Linear toQ;
  private final Linear toKv;
  private final Linear toOut;
  private final LayerNorm normInner;
  private final Linear in;
  private final Linear out;
  private final long heads;

  PerceiverLayer(Weights w, Resampling shape) {
    long width = shape.width();
    long inner = shape.inner();
    heads = shape.heads();
    normSeen = new LayerNorm(w.at("0.norm1"), width);
    normLatents = new LayerNorm(w.at("0.norm2"), width);
    toQ = Linear.withoutBias(w.at("0.to_q"), width, inner);
    toKv = Linear.withoutBias(w.at("0.to_kv"), width, 2 * inner);
    toOut = Linear.withoutBias(w.at("0.to_out"), inner, width);
    normInner = new LayerNorm(w.at("1.0"), width);
    in = Linear.withoutBias(w.at("1.1"), width, 4 * width);
    out = Linear.withoutBias(w.at("1.3"), 4 * width, width);
  }

  /** Maps latents [n, tokens, width] to the same shape, seeing [n, m, width]. */
  Tensor forward(Tensor latents, Tensor seen) {
    Tensor own = normLatents.forward(latents);
    TensorVector kv = toKv.forward(torch.cat(new TensorVector(normSeen.forward(seen), own), 1)).chunk(2, -1);
    Tensor attended = ScaledDotProduct.attend(split(toQ.forward(own)), split(kv.get(0)), split(kv.get(1)));
    Tensor h = latents.add(toOut.forward(attended.transpose(1, 2).reshape(latents.size(0), latents.size(1), -1)));
    return h.add(out.forward(torch.gelu(in.forward(normInner.forward(h)))));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
