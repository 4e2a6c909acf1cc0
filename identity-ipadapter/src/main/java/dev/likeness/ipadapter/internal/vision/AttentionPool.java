package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** SigLIP's pool: one learnt query attends to all tokens, then a feed-forward. */
final class AttentionPool {
  private final Tensor probe;
  private final Tensor inWeight;
  private final Tensor inBias;
  private final Linear out;
  private final LayerNorm norm;
  private final Linear fc1;
  private final Linear fc2;
  private final Activation activation;
  private final int heads;
  private final int width;

  AttentionPool(Weights w, VisionConfig config) {
    width = config.width();
    heads = config.heads();
    activation = config.activation();
    probe = w.tensor("probe", 1, 1, width);
    inWeight = w.tensor("attention.in_proj_weight", 3L * width, width);
    inBias = w.tensor("attention.in_proj_bias", 3L * width);
    out = new Linear(w.at("attention.out_proj"), width, width);
    norm = new LayerNorm(w.at("layernorm"), width, config.eps());
    fc1 = new Linear(w.at("mlp.fc1"), width, config.inner());
    fc2 = new Linear(w.at("mlp.fc2"), config.inner(), width);
  }

  /** Maps tokens [batch, n, width] to [batch, width]. */
  Tensor forward(Tensor tokens) {
    Tensor q = projected(probe.expand(tokens.size(0), 1, width), 0);
    Tensor attended = ScaledDotProduct.attend(q, projected(tokens, 1), projected(tokens, 2));
    Tensor h = out.forward(attended.transpose(1, 2).reshape(tokens.size(0), 1, width));
    return h.add(fc2.forward(activation.of(fc1.forward(norm.forward(h))))).select(1, 0);
  }

  /** The queries (0), keys (1) or values (2): the fused weight holds them one below the other. */
  private Tensor projected(Tensor x, int which) {
    long row = (long) which * width;
    Tensor y = torch.linear(
        x, inWeight.narrow(0, row, width), new TensorOptional(inBias.narrow(0, row, width)));
    return y.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
