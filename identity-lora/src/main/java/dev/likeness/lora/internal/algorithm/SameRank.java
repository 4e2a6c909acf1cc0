package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Gives all low-rank changes of a network one rank, by zeros. Older releases of diffusers take one
 * layer's rank for the alpha of all where a file says none (0.42.1 takes each one's own), and
 * 0.42.1, too, looks for the alphas that kohya's files say of text encoders' attentions under
 * another name: layers of other ranks then have a wrong scale.
 */
public final class SameRank {
  private SameRank() {}

  /** The same changes, those of low rank with the greatest rank of their part. */
  public static Map<TargetLayer, WeightDelta> of(Map<TargetLayer, WeightDelta> weights) {
    Map<ModelComponent, Long> most = new EnumMap<>(ModelComponent.class);
    weights.forEach((layer, change) -> {
      if (pair(change) != null) {
        most.merge(layer.part(), pair(change).rank(), Math::max);
      }
    });
    Map<TargetLayer, WeightDelta> same = new LinkedHashMap<>();
    weights.forEach((layer, change) ->
        same.put(layer, pair(change) == null ? change : padded(change, most.get(layer.part()))));
    return same;
  }

  private static LoraDelta pair(WeightDelta change) {
    return change instanceof LoraDelta pair
        ? pair
        : change instanceof DoraDelta dora && dora.direction() instanceof LoraDelta pair
            ? pair
            : null;
  }

  private static WeightDelta padded(WeightDelta change, long rank) {
    LoraDelta own = pair(change);
    LoraDelta same = own.rank() == rank ? own : padded(own, rank);
    return change instanceof DoraDelta dora ? new DoraDelta(same, dora.magnitude()) : same;
  }

  private static LoraDelta padded(LoraDelta pair, long rank) {
    Tensor down = Tucker.joined(pair);
    long[] below = down.shape().clone();
    below[0] = rank - pair.rank();
    long[] beside = pair.up().shape().clone();
    beside[1] = below[0];
    return new LoraDelta(
        torch.cat(new TensorVector(down, down.new_zeros(below)), 0),
        null,
        torch.cat(new TensorVector(pair.up(), pair.up().new_zeros(beside)), 1),
        pair.scale());
  }

  /**
   * Without the ranks whose second factor is all zero, as those of other rows are in a file of
   * joined layers; one stays.
   */
  public static LoraDelta trimmed(LoraDelta pair) {
    Tensor used = torch
        .nonzero(pair.up().flatten(1, -1).abs().amax(new long[] {0}, false))
        .flatten();
    if (used.numel() == 0) {
      used = torch.zeros(new long[] {1}).to(used.scalar_type());
    }
    return used.numel() == pair.rank()
        ? pair
        : new LoraDelta(
            Tucker.joined(pair).index_select(0, used),
            null,
            pair.up().index_select(1, used),
            pair.scale());
  }
}
