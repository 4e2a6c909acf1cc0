package dev.likeness.lora;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.TensorRegion;
import org.bytedeco.pytorch.Tensor;

/**
 * A layer's change of low rank: {@code scale * up (down x)} (Hu et al. 2021, arXiv:2106.09685, equation 3), for a
 * convolution with a window of its own in {@code down}, or in {@code mid} between two that have none.
 *
 * @param down [rank, in] or [rank, in, kernel, kernel]
 * @param mid [rank, rank, kernel, kernel], or null
 * @param up [out, rank] or [out, rank, 1, 1]
 * @param scale alpha / rank, or alpha / sqrt(rank) where the file says so
 */
record LowRank(Tensor down, Tensor mid, Tensor up, double scale) {
  long rank() {
    return down.size(0);
  }

  /** The same factors where a model computes, kept by {@code region}. */
  LowRank placed(Compute compute, TensorRegion region) {
    return new LowRank(place(down, compute, region), mid == null ? null : place(mid, compute, region),
        place(up, compute, region), scale);
  }

  private static Tensor place(Tensor factor, Compute compute, TensorRegion region) {
    Tensor placed = compute.place(factor);
    return placed == factor ? factor : region.keep(placed);
  }
}
