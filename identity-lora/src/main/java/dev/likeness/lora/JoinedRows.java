package dev.likeness.lora;

import dev.likeness.lora.change.Layer;
import dev.likeness.lora.change.LowRank;
import dev.likeness.lora.change.Tucker;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Low-rank changes of several layers as that of the one layer whose rows theirs are: first factors below one another, second
 * ones as blocks along a diagonal, so that ranks add up; where all share one first factor, as files of such a layer have it,
 * it is kept once.
 */
final class JoinedRows {
  private JoinedRows() {}

  /** The joined change of {@code parts}, from the first row down; rows of a part that has no change are zero. */
  static LowRank of(List<Layer> parts, Map<Layer, LowRank> changes) {
    Tensor shared = shared(parts, changes);
    TensorVector downs = new TensorVector();
    TensorVector rows = new TensorVector();
    long rank = changes.values().stream().mapToLong(LowRank::rank).sum();
    long before = 0;
    for (Layer part : parts) {
      LowRank own = changes.get(part);
      if (own == null) {
        rows.push_back(changes.values().iterator().next().up().new_zeros(part.out(), rank));
        continue;
      }
      Tensor up = scaled(own);
      long after = rank - before - own.rank();
      downs.push_back(Tucker.joined(own));
      rows.push_back(shared != null ? up
          : torch.cat(new TensorVector(up.new_zeros(part.out(), before), up, up.new_zeros(part.out(), after)), 1));
      before += own.rank();
    }
    return new LowRank(shared != null ? shared : torch.cat(downs, 0), null, torch.cat(rows, 0), 1);
  }

  private static Tensor shared(List<Layer> parts, Map<Layer, LowRank> changes) {
    Tensor first = Tucker.joined(changes.values().iterator().next());
    boolean all = changes.size() == parts.size()
        && changes.values().stream().allMatch(pair -> torch.equal(Tucker.joined(pair), first));
    return all ? first : null;
  }

  /** The second factor with the scale in it. */
  static Tensor scaled(LowRank pair) {
    return pair.scale() == 1 ? pair.up() : pair.up().mul(new Scalar(pair.scale()));
  }

  /** The same with its halves of rows exchanged. */
  static LowRank swapped(LowRank pair) {
    long half = pair.up().size(0) / 2;
    Tensor up = torch.cat(new TensorVector(pair.up().narrow(0, half, half), pair.up().narrow(0, 0, half)), 0);
    return new LowRank(pair.down(), pair.mid(), up, pair.scale());
  }
}
