package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.HalfPrecision;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX's single block: attention and feed-forward side by side over one sequence (Dehghani et al.
 * 2023, arXiv:2302.05442).
 */
final class FluxSingleBlock {
  private final AdaLayerNorm norm;
  private final Linear projMlp;
  private final JointAttention attention;
  private final Linear projOut;

  FluxSingleBlock(Weights w, FluxConfig config) {
    int width = config.width();
    norm = new AdaLayerNorm(w.at("norm"), width, 3);
    projMlp = new Linear(w.at("proj_mlp"), width, 4L * width);
    attention =
        JointAttention.single(w.at("attn"), width, config.heads(), QkvProjection.Style.FLUX, false);
    projOut = new Linear(w.at("proj_out"), 5L * width, width);
  }

  /** Maps [batch, textTokens + imageTokens, width] to the same shape. */
  Tensor forward(Tensor x, Tensor embedding, RotaryEmbedding rotation) {
    List<Tensor> m = norm.vectors(embedding);
    Tensor normed = AdaLayerNorm.apply(x, m.get(0), m.get(1));
    Tensor mlp = Activation.GELU_TANH.of(projMlp.forward(normed));
    Tensor both = torch.cat(new TensorVector(attention.forward(normed, rotation, null), mlp), 2);
    return HalfPrecision.clamp(x.add(m.get(2).mul(projOut.forward(both))));
  }
}
