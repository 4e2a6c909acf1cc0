package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * An adapter's addition to one attention: the queries of the image attend to keys and values of the
 * adapter (image tokens).
 */
@FunctionalInterface
public interface AttentionBranch {
  /**
   * The inputs of a branch: tensors of the latents' tokens, each [batch, heads, tokens, headWidth].
   *
   * @param query queries, normalised if the network normalises them, before the rotary embedding
   * @param plainQuery queries before the norm; null in a UNet
   * @param plainKey keys before the norm; null in a UNet
   * @param value values; null in a UNet
   * @param time the timestep input of the network, [1], in a separate tensor for each call; null if
   *     the network does not pass it
   * @param result the attention's own result, of the queries' shape; null in a transformer
   */
  record BranchInputs(
      Tensor query, Tensor plainQuery, Tensor plainKey, Tensor value, Tensor time, Tensor result) {
    /** Returns inputs with queries only. */
    public static BranchInputs of(Tensor query) {
      return of(query, null);
    }

    /** Returns inputs of a UNet. */
    public static BranchInputs of(Tensor query, Tensor result) {
      return new BranchInputs(query, null, null, null, null, result);
    }

    /** Returns the inputs of {@code count} adjacent rows of the batch. */
    public BranchInputs rows(long first, long count) {
      return new BranchInputs(
          query.narrow(0, first, count),
          narrowed(plainQuery, first, count),
          narrowed(plainKey, first, count),
          narrowed(value, first, count),
          time,
          narrowed(result, first, count));
    }

    private static Tensor narrowed(Tensor t, long first, long count) {
      return t == null ? null : t.narrow(0, first, count);
    }
  }

  /** Returns the attention's result, of the queries' shape; owned by the calling scope. */
  Tensor attend(BranchInputs image);
}
