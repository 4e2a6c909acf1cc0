package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * An adapter's addition to the image tokens behind a transformer block, such as the cross-attention
 * to identity tokens of PuLID for FLUX.1 (Guo et al. 2024, arXiv:2404.16022).
 */
@FunctionalInterface
public interface BlockAddition {
  /**
   * Returns the addition to the image tokens, of their shape; owned by the calling scope. If
   * several adapters have an addition behind one block, each gets the sum of those before it.
   *
   * @param image the image tokens behind the block, [batch, tokens, width]
   */
  Tensor to(Tensor image);
}
