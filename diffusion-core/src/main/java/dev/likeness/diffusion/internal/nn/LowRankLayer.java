package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The low-rank addition {@code scale * up (down x)} beside a layer (Hu et al. 2021,
 * arXiv:2106.09685, equation 3). Factors in another dtype than the input are cast at each use.
 * Gradients flow through the cast, so a model in bf16 can train factors in f32.
 *
 * @param down [rank, in] or [rank, in, kernel, kernel]
 * @param mid [rank, rank, kernel, kernel] between two 1x1 convolutions; null if the window is in
 *     {@code down}
 * @param up [out, rank] or [out, rank, 1, 1]
 * @param scale factor of the addition, with the weight of the adapter
 * @param deduplicationKey as in {@link AdapterLayer#deduplicationKey()}
 */
public record LowRankLayer(
    Tensor down,
    @Nullable Tensor mid,
    Tensor up,
    double scale,
    @Nullable Object deduplicationKey) implements AdapterLayer {
  @Override
  public Tensor delta(Tensor x) {
    return AdapterProducts.linear(scale(AdapterProducts.linear(x, down)), up);
  }

  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor h = mid == null
        ? AdapterProducts.conv2d(x, down, stride, padding)
        : AdapterProducts.conv2d(AdapterProducts.pointwise(x, down), mid, stride, padding);
    return AdapterProducts.pointwise(scale(h), up);
  }

  @Override
  public Optional<Factors> lowRank() {
    return mid != null ? Optional.empty() : Optional.of(new Factors(down, up, scale));
  }

  private Tensor scale(Tensor h) {
    return scale == 1 ? h : h.mul(new Scalar(scale));
  }
}
