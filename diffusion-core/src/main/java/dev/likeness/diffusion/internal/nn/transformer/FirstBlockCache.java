package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.CachingOptions;
import org.bytedeco.pytorch.Tensor;

/**
 * First-block cache (chengzeyi/ParaAttention; {@code hooks/first_block_cache.py} of diffusers
 * 0.42). It stores the residual of all transformer blocks after the first. In later calls, it
 * compares the residual of the first block with the stored one: mean absolute difference over mean
 * absolute value. If the change is small, the stored residual replaces the other blocks. For one
 * generation on one thread; freed with the scope in which it was created.
 */
public final class FirstBlockCache {
  private final double threshold;
  private final CachedTensor first = new CachedTensor();
  private final CachedTensor others = new CachedTensor();
  private final CachedTensor after = new CachedTensor();
  private int skippedCalls;

  /**
   * Creates an empty cache; {@code threshold} is the largest change for which the other blocks are
   * skipped.
   */
  public FirstBlockCache(double threshold) {
    this.threshold = threshold;
  }

  /**
   * Returns a cache for these options, or null if they do not use it; it belongs to the calling
   * scope.
   */
  public static FirstBlockCache of(CachingOptions options) {
    return options.kind() == CachingOptions.Kind.FIRST_BLOCK
        ? new FirstBlockCache(options.threshold())
        : null;
  }

  /** Returns the number of calls that computed the first block only. */
  public int skippedCalls() {
    return skippedCalls;
  }

  /**
   * Predicts the image's tokens after all blocks; null if all blocks must be computed. The calling
   * scope owns the result.
   *
   * @param before the image's tokens before the first block, [batch, tokens, width]
   * @param behind the image's tokens after the first block
   */
  public Tensor predict(Tensor before, Tensor behind) {
    Tensor added = behind.sub(before);
    if (others.tensor() != null && relativeChange(added) <= threshold) {
      skippedCalls++;
      return behind.add(others.tensor());
    }
    first.replace(added);
    after.replace(behind.clone());
    return null;
  }

  /** Stores the image's tokens after all blocks, when they were computed. */
  public void update(Tensor end) {
    others.replace(end.sub(after.tensor()));
  }

  private double relativeChange(Tensor added) {
    return added
        .sub(first.tensor())
        .abs()
        .mean()
        .div(first.tensor().abs().mean())
        .item_double();
  }
}
