package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.CachingOptions;
import org.bytedeco.pytorch.Tensor;

/**
 * What all blocks of a transformer but the first last added to the image's tokens, for calls at
 * which the first alone is asked: where what it adds has changed little since all were asked, by
 * the sum of the differences' sizes over the sum of sizes, the others are taken to add what they
 * added then (the first-block cache of chengzeyi/ParaAttention; {@code hooks/first_block_cache.py}
 * of diffusers 0.42). One run's, on one thread; dies with the scope that it was made in.
 */
public final class FirstBlockCache {
  private final double threshold;
  private final CachedTensor first = new CachedTensor();
  private final CachedTensor others = new CachedTensor();
  private final CachedTensor after = new CachedTensor();
  private int skippedCalls;

  /**
   * Nothing known yet; {@code threshold} is the change up to which the other blocks are not asked.
   */
  public FirstBlockCache(double threshold) {
    this.threshold = threshold;
  }

  /** For a run of these options, or null where they ask for none; belongs to the calling scope. */
  public static FirstBlockCache of(CachingOptions options) {
    return options.kind() == CachingOptions.Kind.FIRST_BLOCK
        ? new FirstBlockCache(options.threshold())
        : null;
  }

  /** How many calls asked the first block alone. */
  public int skippedCalls() {
    return skippedCalls;
  }

  /**
   * The image's tokens after all blocks, where the first alone tells them; null where all have to
   * be asked. The calling scope owns them.
   *
   * @param before the image's tokens before the first block, [batch, tokens, width]
   * @param behind the same after it
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

  /** Told what the image's tokens are after all blocks, where they were asked. */
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
