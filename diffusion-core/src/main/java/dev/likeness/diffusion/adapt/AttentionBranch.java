package dev.likeness.diffusion.adapt;

import org.bytedeco.pytorch.Tensor;

/** What an adapter adds to one cross-attention: the same queries over keys and values of its own (image tokens). */
@FunctionalInterface
public interface AttentionBranch {
  /** Attends for queries [batch, heads, tokens, headWidth]; returns the same shape, owned by the calling scope. */
  Tensor attend(Tensor query);
}
