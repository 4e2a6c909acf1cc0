package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Joins the low-rank deltas of several layers into that of one fused layer, which stacks their
 * rows. First factors are stacked, second factors form a block diagonal, so ranks add up. A first
 * factor that all layers share is kept once.
 */
public final class LoraFactors {
  private LoraFactors() {}

  /**
   * Returns the joined delta of {@code parts}, from the first row down, all with one rank; a part
   * without a delta gets zeros.
   */
  public static LoraDelta fuse(List<TargetLayer> parts, Map<TargetLayer, LoraDelta> changes) {
    Tensor shared = sharedDown(parts, changes);
    TensorVector downs = new TensorVector();
    TensorVector rows = new TensorVector();
    LoraDelta any = changes.values().iterator().next();
    for (int i = 0; i < parts.size(); i++) {
      long out = parts.get(i).out();
      LoraDelta own = changes.getOrDefault(parts.get(i), zeroFactors(any, out));
      Tensor up = scale(own.up(), own.scale());
      Tensor before = up.new_zeros(out, i * any.rank());
      Tensor after = up.new_zeros(out, (parts.size() - 1 - i) * any.rank());
      downs.push_back(LoraDelta.Tucker.mergeCore(own));
      rows.push_back(shared != null ? up : torch.cat(new TensorVector(before, up, after), 1));
    }
    return new LoraDelta(
        shared != null ? shared : torch.cat(downs, 0), null, torch.cat(rows, 0), 1);
  }

  private static LoraDelta zeroFactors(LoraDelta like, long out) {
    return new LoraDelta(
        like.down().new_zeros(like.down().shape()), null, like.up().new_zeros(out, like.rank()), 1);
  }

  private static Tensor sharedDown(List<TargetLayer> parts, Map<TargetLayer, LoraDelta> changes) {
    Tensor first = LoraDelta.Tucker.mergeCore(changes.values().iterator().next());
    boolean all = changes.size() == parts.size()
        && changes.values().stream()
            .allMatch(pair -> torch.equal(LoraDelta.Tucker.mergeCore(pair), first));
    return all ? first : null;
  }

  /**
   * Returns a factor times a scale, in f32, because f16 has too little precision for the small
   * values that an alpha of 1 gives.
   */
  public static Tensor scale(Tensor factor, double scale) {
    return scale == 1 ? factor : factor.to(ScalarType.Float).mul(new Scalar(scale));
  }

  /** Returns the delta with the two halves of its rows exchanged. */
  public static LoraDelta swapHalves(LoraDelta pair) {
    return new LoraDelta(
        pair.down(), pair.mid(), RowSliceDelta.swapHalves(pair.up()), pair.scale());
  }

  /**
   * Pads all low-rank deltas of a network with zeros to one rank. Older releases of diffusers use
   * the rank of one layer as the alpha of all layers if a file has no alpha. Version 0.42.1 uses
   * the rank of each layer, but reads the alphas of attention layers in text encoders of kohya
   * files under a wrong name. Layers of different ranks would get a wrong scale.
   */
  public static final class SameRank {
    private SameRank() {}

    /** Returns the deltas; low-rank ones have the greatest rank of their component. */
    public static Map<TargetLayer, WeightDelta> padToMaxRank(
        Map<TargetLayer, WeightDelta> weights) {
      Map<ModelComponent, Long> most = new EnumMap<>(ModelComponent.class);
      weights.forEach((layer, change) -> {
        if (lowRankFactors(change) != null) {
          most.merge(layer.component(), lowRankFactors(change).rank(), Math::max);
        }
      });
      Map<TargetLayer, WeightDelta> same = new LinkedHashMap<>();
      weights.forEach((layer, change) -> same.put(
          layer,
          lowRankFactors(change) == null ? change : pad(change, most.get(layer.component()))));
      return same;
    }

    private static LoraDelta lowRankFactors(WeightDelta change) {
      return change instanceof LoraDelta pair
          ? pair
          : change instanceof LoraDelta.Biased biased
              ? biased.factors()
              : change instanceof DoraDelta dora && dora.direction() instanceof LoraDelta pair
                  ? pair
                  : null;
    }

    private static WeightDelta pad(WeightDelta change, long rank) {
      LoraDelta own = lowRankFactors(change);
      LoraDelta same = own.rank() == rank ? own : pad(own, rank);
      if (change instanceof LoraDelta.Biased biased) {
        return new LoraDelta.Biased(same, biased.bias());
      }
      return change instanceof DoraDelta dora ? new DoraDelta(same, dora.magnitude()) : same;
    }

    private static LoraDelta pad(LoraDelta pair, long rank) {
      Tensor down = LoraDelta.Tucker.mergeCore(pair);
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
     * Returns the delta without ranks whose second factor is zero, as in files of fused layers; one
     * rank stays.
     */
    public static LoraDelta trim(LoraDelta pair) {
      Tensor used = torch
          .nonzero(pair.up().flatten(1, -1).abs().amax(new long[] {0}, false))
          .flatten();
      if (used.numel() == 0) {
        used = torch.zeros(new long[] {1}).to(used.scalar_type());
      }
      return used.numel() == pair.rank()
          ? pair
          : new LoraDelta(
              LoraDelta.Tucker.mergeCore(pair).index_select(0, used),
              null,
              pair.up().index_select(1, used),
              pair.scale());
    }
  }
}
