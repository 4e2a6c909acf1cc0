package dev.likeness.lora.internal.algorithm;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Low-rank changes of several layers as that of the one layer whose rows theirs are: first factors
 * below one another, second ones as blocks along a diagonal, so that ranks add up; where all share
 * one first factor, as files of such a layer have it, it is kept once.
 */
public final class LoraFactors {
  private LoraFactors() {}

  /**
   * The joined change of {@code parts}, from the first row down, all of one rank; a part that has
   * none is left as it is.
   */
  public static LoraDelta of(List<TargetLayer> parts, Map<TargetLayer, LoraDelta> changes) {
    Tensor shared = shared(parts, changes);
    TensorVector downs = new TensorVector();
    TensorVector rows = new TensorVector();
    LoraDelta any = changes.values().iterator().next();
    for (int i = 0; i < parts.size(); i++) {
      long out = parts.get(i).out();
      LoraDelta own = changes.getOrDefault(parts.get(i), nothing(any, out));
      Tensor up = scaled(own.up(), own.scale());
      Tensor before = up.new_zeros(out, i * any.rank());
      Tensor after = up.new_zeros(out, (parts.size() - 1 - i) * any.rank());
      downs.push_back(Tucker.joined(own));
      rows.push_back(shared != null ? up : torch.cat(new TensorVector(before, up, after), 1));
    }
    return new LoraDelta(
        shared != null ? shared : torch.cat(downs, 0), null, torch.cat(rows, 0), 1);
  }

  private static LoraDelta nothing(LoraDelta like, long out) {
    return new LoraDelta(
        like.down().new_zeros(like.down().shape()), null, like.up().new_zeros(out, like.rank()), 1);
  }

  private static Tensor shared(List<TargetLayer> parts, Map<TargetLayer, LoraDelta> changes) {
    Tensor first = Tucker.joined(changes.values().iterator().next());
    boolean all = changes.size() == parts.size()
        && changes.values().stream().allMatch(pair -> torch.equal(Tucker.joined(pair), first));
    return all ? first : null;
  }

  /**
   * A factor with a scale in it: in f32, since f16 has few places left for numbers as small as an
   * alpha of 1 makes them.
   */
  public static Tensor scaled(Tensor factor, double scale) {
    return scale == 1 ? factor : factor.to(ScalarType.Float).mul(new Scalar(scale));
  }

  /** The same with its halves of rows exchanged. */
  public static LoraDelta swapped(LoraDelta pair) {
    return new LoraDelta(pair.down(), pair.mid(), Rows.swapped(pair.up()), pair.scale());
  }
}
