package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer's change of low rank: {@code scale * up (down x)} (Hu et al. 2021, arXiv:2106.09685,
 * equation 3), for a convolution with a window of its own in {@code down}, or in {@code mid}
 * between two that have none.
 *
 * @param down [rank, in] or [rank, in, kernel, kernel]
 * @param mid [rank, rank, kernel, kernel], or null
 * @param up [out, rank] or [out, rank, 1, 1]
 * @param scale alpha / rank, or alpha / sqrt(rank) where the file says so
 */
public record LoraDelta(Tensor down, Tensor mid, Tensor up, double scale) implements SideChange {
  @Override
  public long rank() {
    return down.size(0);
  }

  @Override
  public Tensor difference(Tensor weight) {
    Tensor first = Tucker.joined(this).to(ScalarType.Float).flatten(1, -1);
    return torch
        .matmul(up.to(ScalarType.Float).flatten(1, -1), first)
        .mul(new Scalar(scale))
        .view(weight.shape());
  }

  @Override
  public AdapterLayer at(double weight) {
    return new LowRankPath(this, weight);
  }

  @Override
  public LoraDelta mapped(UnaryOperator<Tensor> place) {
    return new LoraDelta(
        place.apply(down), mid == null ? null : place.apply(mid), place.apply(up), scale);
  }
}
