package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/** One-headed attention of every pixel to every other, at the autoencoder's bottom. */
final class PixelAttention {
  private final GroupNorm norm;
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;

  PixelAttention(Weights w, int channels, int groups) {
    norm = new GroupNorm(w.at("group_norm"), groups, channels, 1e-6);
    toQ = new Linear(w.at("to_q"), channels, channels);
    toK = new Linear(w.at("to_k"), channels, channels);
    toV = new Linear(w.at("to_v"), channels, channels);
    toOut = new Linear(w.at("to_out.0"), channels, channels);
  }

  Tensor forward(Tensor x) {
    Tensor tokens = norm.forward(x).flatten(2, 3).transpose(1, 2);
    Tensor q = toQ.forward(tokens).unsqueeze(1);
    Tensor k = toK.forward(tokens).unsqueeze(1);
    Tensor v = toV.forward(tokens).unsqueeze(1);
    Tensor y = toOut.forward(ScaledDotProduct.attend(q, k, v).squeeze(1));
    return x.add(y.transpose(1, 2).reshape(x.size(0), x.size(1), x.size(2), x.size(3)));
  }
}
