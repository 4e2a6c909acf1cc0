package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX's single-stream block: attention and feed-forward in parallel over one sequence (Dehghani et
 * al. 2023, arXiv:2302.05442). Three vectors shift, scale and gate it.
 */
public record SingleStreamBlock(JointAttention attention, Linear projMlp, Linear projOut) {
  /** Reads {@code attn}, {@code proj_mlp} and {@code proj_out}. */
  public static SingleStreamBlock of(Weights w, int width, int heads, QkvProjection.Style style) {
    return new SingleStreamBlock(
        JointAttention.single(w.at("attn"), width, heads, style, false),
        new Linear(w.at("proj_mlp"), width, 4L * width),
        new Linear(w.at("proj_out"), 5L * width, width));
  }

  /**
   * Maps [batch, textTokens + imageTokens, width] to the same shape.
   *
   * @param m shift, scale and gate, each [batch, 1, width]
   * @param mask added to the scores; may be null
   */
  public Tensor forward(Tensor x, List<Tensor> m, RotaryEmbedding rotation, Tensor mask) {
    Tensor normed = AdaLayerNorm.apply(x, m.get(0), m.get(1));
    Tensor mlp = Activation.GELU_TANH.apply(projMlp.forward(normed));
    Tensor both = torch.cat(new TensorVector(attention.forward(normed, rotation, mask), mlp), 2);
    return DoubleStreamBlock.HalfPrecision.clamp(x.add(m.get(2).mul(projOut.forward(both))));
  }
}
