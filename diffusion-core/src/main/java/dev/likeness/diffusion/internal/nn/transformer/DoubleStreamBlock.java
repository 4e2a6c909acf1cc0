package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * FLUX's double-stream block: joint attention, then a feed-forward for each stream. Six vectors
 * shift, scale and gate each stream.
 *
 * @param ff feed-forward of the image
 * @param ffText feed-forward of the text
 * @param branches branches that adapters add to the image after the block
 */
public record DoubleStreamBlock(
    JointAttention attention,
    UnaryOperator<Tensor> ff,
    UnaryOperator<Tensor> ffText,
    List<AttentionBranch> branches) {
  /** Reads the block, with the family's feed-forwards. */
  public static DoubleStreamBlock of(
      Weights w,
      int width,
      int heads,
      QkvProjection.Style style,
      UnaryOperator<Tensor> ff,
      UnaryOperator<Tensor> ffText) {
    JointAttention attention = JointAttention.joint(
        w.at("attn"), width, heads, style, JointAttention.Order.TEXT_FIRST, true);
    return new DoubleStreamBlock(attention, ff, ffText, w.branches());
  }

  /**
   * Applies the block to both streams.
   *
   * @param m shifts, scales and gates of the image, for attention and feed-forward
   * @param c shifts, scales and gates of the text
   */
  public JointAttention.Streams forward(
      JointAttention.Streams x, List<Tensor> m, List<Tensor> c, RotaryEmbedding rotation) {
    return forward(x, m, c, rotation, null);
  }

  /** Applies the block with {@code mask}, which is added to the scores and may be null. */
  public JointAttention.Streams forward(
      JointAttention.Streams x,
      List<Tensor> m,
      List<Tensor> c,
      RotaryEmbedding rotation,
      Tensor mask) {
    Tensor image = AdaLayerNorm.apply(x.image(), m.get(0), m.get(1));
    JointAttention.Streams attended = attention.forward(
        new JointAttention.Streams(image, AdaLayerNorm.apply(x.text(), c.get(0), c.get(1))),
        rotation,
        mask,
        null);
    Tensor y = addResiduals(x.image(), attended.image(), m, ff);
    for (AttentionBranch branch : branches) {
      y = y.add(QkvProjection.Heads.mergeHeads(
          branch.attend(AttentionBranch.BranchInputs.of(attention.queries(image)))));
    }
    return new JointAttention.Streams(
        y, HalfPrecision.clamp(addResiduals(x.text(), attended.text(), c, ffText)));
  }

  /**
   * Applies the block to both streams, which attend to {@code others} too: the keys and values of
   * tokens that {@link #forwardImage} has processed.
   */
  public JointAttention.Streams forwardWithKeys(
      JointAttention.Streams x,
      List<Tensor> m,
      List<Tensor> c,
      RotaryEmbedding rotation,
      QkvProjection.Heads others) {
    JointAttention.Streams attended = attention.forwardWithKeys(
        new JointAttention.Streams(
            AdaLayerNorm.apply(x.image(), m.get(0), m.get(1)),
            AdaLayerNorm.apply(x.text(), c.get(0), c.get(1))),
        rotation,
        others);
    return new JointAttention.Streams(
        addResiduals(x.image(), attended.image(), m, ff),
        HalfPrecision.clamp(addResiduals(x.text(), attended.text(), c, ffText)));
  }

  /**
   * Applies the block to image tokens that attend to themselves only.
   *
   * @param keys gets the tokens' keys, rotated, and values
   */
  public Tensor forwardImage(
      Tensor x, List<Tensor> m, RotaryEmbedding rotation, Consumer<QkvProjection.Heads> keys) {
    Tensor attended =
        attention.forwardImage(AdaLayerNorm.apply(x, m.get(0), m.get(1)), rotation, keys);
    return addResiduals(x, attended, m, ff);
  }

  private static Tensor addResiduals(
      Tensor x, Tensor attended, List<Tensor> m, UnaryOperator<Tensor> ff) {
    Tensor h = x.add(m.get(2).mul(attended));
    return h.add(m.get(5).mul(ff.apply(AdaLayerNorm.apply(h, m.get(3), m.get(4)))));
  }

  /** Keeps f16 activations finite in FLUX's blocks. */
  public static final class HalfPrecision {
    private static final double LARGEST = 65504;

    private HalfPrecision() {}

    /** Clamps {@code x} to the range of f16 if it is f16. */
    public static Tensor clamp(Tensor x) {
      return Tensors.dtype(x) == DType.F16
          ? x.clamp(
              new ScalarOptional(new Scalar(-LARGEST)), new ScalarOptional(new Scalar(LARGEST)))
          : x;
    }
  }
}
