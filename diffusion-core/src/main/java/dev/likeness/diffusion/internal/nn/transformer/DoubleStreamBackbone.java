package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.adapter.BlockAddition;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX's blocks: double-stream blocks over image and text, then single-stream blocks over both as
 * one sequence.
 *
 * @param <D> type of a double-stream block
 * @param <S> type of a single-stream block
 */
public record DoubleStreamBackbone<D, S>(BlockList<D> doubles, BlockList<S> singles) {
  /** Called with the image's tokens after each block; may change them in place. */
  public interface Visitor {
    Visitor NONE = (single, block, image) -> {};

    void visit(boolean single, int block, Tensor image);
  }

  /**
   * Applies all blocks, or only the first if {@code cache} predicts the others. Behind each block,
   * the {@code visitor} comes first, then the additions of adapters. Intermediate tensors are
   * freed.
   *
   * @param cache the first-block cache, or null
   * @return the image's tokens [batch, imageTokens, width], a view that belongs to the calling
   *     scope
   */
  public Tensor forward(
      JointAttention.Streams start,
      BiFunction<D, JointAttention.Streams, JointAttention.Streams> apart,
      BiFunction<S, Tensor, Tensor> together,
      Visitor visitor,
      FirstBlockCache cache) {
    JointAttention.Streams x = start;
    try (BlockList.Pass<D> pass = doubles.pass()) {
      for (int i = 0; pass.hasNext(); i++) {
        try (TensorScope scope = TensorScope.open()) {
          JointAttention.Streams y = apart.apply(pass.next(), x);
          Tensor known = i == 0 && cache != null ? cache.predict(x.image(), y.image()) : null;
          if (known != null) {
            return scope.promote(known);
          }
          x = new JointAttention.Streams(
              scope.replace(x.image(), y.image()), scope.replace(x.text(), y.text()));
        }
        visitor.visit(false, i, x.image());
        x = new JointAttention.Streams(
            withAdditions(x.image(), doubles.additionsBehind(i)), x.text());
      }
    }
    Tensor end = forwardSingles(x, together, visitor);
    if (cache != null) {
      cache.update(end);
    }
    return end;
  }

  private Tensor forwardSingles(
      JointAttention.Streams x, BiFunction<S, Tensor, Tensor> together, Visitor visitor) {
    long text = x.text().size(1);
    long image = x.image().size(1);
    Tensor joint = torch.cat(new TensorVector(x.text(), x.image()), 1);
    try (BlockList.Pass<S> pass = singles.pass()) {
      for (int i = 0; pass.hasNext(); i++) {
        try (TensorScope scope = TensorScope.open()) {
          joint = scope.replace(joint, together.apply(pass.next(), joint));
        }
        visitor.visit(true, i, joint.narrow(1, text, image));
        List<BlockAddition> additions = singles.additionsBehind(i);
        if (!additions.isEmpty()) {
          try (TensorScope scope = TensorScope.open()) {
            Tensor added = withAdditions(joint.narrow(1, text, image), additions);
            joint = scope.replace(
                joint, torch.cat(new TensorVector(joint.narrow(1, 0, text), added), 1));
          }
        }
      }
    }
    return joint.narrow(1, text, image);
  }

  /** Adds the additions one after the other, and frees each sum that another one replaces. */
  private static Tensor withAdditions(Tensor image, List<BlockAddition> additions) {
    Tensor sum = image;
    for (BlockAddition addition : additions) {
      try (TensorScope scope = TensorScope.open()) {
        sum = scope.replace(sum, sum.add(addition.to(sum)));
      }
    }
    return sum;
  }
}
