package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * What an adapter adds to one attention: the image's queries over keys and values of its own (image
 * tokens).
 */
@FunctionalInterface
public interface AttentionBranch {
  /**
   * The inputs of a branch: tensors of the image tokens, each [batch, heads, tokens, headWidth].
   *
   * @param query normalised where the network normalises its queries, before any rotation
   * @param plainQuery before any norm; null in a UNet, as the next two are
   * @param plainKey before any norm
   * @param value the values of the image's tokens
   * @param time the timestep that the network is given, [1], another tensor for each of its passes;
   *     null if the network does not pass it
   */
  record BranchInputs(Tensor query, Tensor plainQuery, Tensor plainKey, Tensor value, Tensor time) {
    /** Queries alone. */
    public static BranchInputs of(Tensor query) {
      return new BranchInputs(query, null, null, null, null);
    }

    /** Some neighbouring rows of the batch. */
    public BranchInputs rows(long first, long count) {
      return new BranchInputs(
          query.narrow(0, first, count),
          narrowed(plainQuery, first, count),
          narrowed(plainKey, first, count),
          narrowed(value, first, count),
          time);
    }

    private static Tensor narrowed(Tensor t, long first, long count) {
      return t == null ? null : t.narrow(0, first, count);
    }
  }

  /** Attends; returns the queries' shape, owned by the calling scope. */
  Tensor attend(BranchInputs image);
}
