package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Computes image tokens of encoded references.
 *
 * @param compute device and dtype of the projection's weights
 */
public record ImageTokens(AdapterLayout layout, ImageProjection projection, Compute compute) {
  /** Returns the concatenated tokens of all references, [1, n tokens, contextWidth]. */
  public Tensor of(ReferenceEmbeddings e) {
    Tensor tokens = projection.forward(new ImageProjection.ProjectionInputs(
        place(e.image().orElse(null)), place(e.face().orElse(null), -1)));
    return tokens.reshape(1, -1, layout.contextWidth());
  }

  /** Returns the unconditional tokens for guidance, [1, tokens, contextWidth]. */
  public Tensor unconditional(ReferenceEmbeddings e) {
    Grid face = e.face().map(ImageTokens::zeros).orElse(null);
    Grid image = e.unconditional().or(() -> e.image().map(ImageTokens::zeros)).orElse(null);
    return projection.forward(new ImageProjection.ProjectionInputs(place(image), place(face, -1)));
  }

  /**
   * Returns tokens that depend on the timestep: the concatenated tokens of all references, or as
   * many unconditional ones if {@code hidden}.
   */
  public TimestepAttention.TimestepMemory.Tokens timestepTokens(
      ReferenceEmbeddings e, boolean hidden) {
    Tensor seen = place(e.image().orElseThrow());
    return new TimestepAttention.TimestepMemory.Tokens(
        (ImageProjection.TimestepResampler) projection,
        hidden ? torch.zeros_like(seen) : seen,
        layout.tokens(),
        layout.contextWidth());
  }

  /**
   * Returns the logarithm of each token's weight in the attention, [1, 1, 1, n tokens]; null if the
   * weights have no effect, as for equal weights without other tokens.
   */
  public Tensor weightBias(ReferenceEmbeddings e, long tokens) {
    boolean besideImage = layout.variant() == IpAdapterVariant.INSTANT_X_TIMED;
    if (besideImage
        ? e.weights().stream().allMatch(w -> w == 1)
        : e.weights().stream().distinct().count() < 2) {
      return null;
    }
    float[] bias = new float[(int) tokens];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) Math.log(e.weights().get((int) (i * (long) e.count() / tokens)));
    }
    return Tensors.place(compute, torch.tensor(bias)).view(1, 1, 1, tokens);
  }

  private static Grid zeros(Grid like) {
    return new Grid(new float[like.tokens() * like.width()], 1, like.tokens(), like.width());
  }

  private Tensor place(Grid grid) {
    return grid == null
        ? null
        : Tensors.place(
            compute, torch.tensor(grid.values()).view(grid.count(), grid.tokens(), grid.width()));
  }

  private Tensor place(Grid grid, long columns) {
    return grid == null ? null : place(grid).view(grid.count(), columns);
  }
}
