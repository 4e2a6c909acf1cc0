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
 * Image tokens out of encoded references.
 *
 * @param compute where the projection's weights are
 */
public record ImageTokens(AdapterLayout layout, ImageProjection projection, Compute compute) {
  /** Tokens of all references side by side, [1, n tokens, contextWidth]. */
  public Tensor of(ReferenceEmbeddings e) {
    Tensor tokens = projection.forward(
        new ImageProjection.ProjectionInputs(place(e.image()), place(e.face(), -1)));
    return tokens.reshape(1, -1, layout.contextWidth());
  }

  /** Tokens that stand for no reference beside {@code e}, [1, tokens, contextWidth]. */
  public Tensor unconditional(ReferenceEmbeddings e) {
    Grid face = e.face() == null ? null : zeros(e.face());
    Grid image =
        e.unconditional() != null ? e.unconditional() : e.image() == null ? null : zeros(e.image());
    return projection.forward(new ImageProjection.ProjectionInputs(place(image), place(face, -1)));
  }

  /**
   * Tokens that change with the time: of all references side by side, or, when hidden, of as many
   * nothings.
   */
  public TimestepAttention.TimestepMemory.Tokens timestepTokens(
      ReferenceEmbeddings e, boolean hidden) {
    Tensor seen = place(e.image());
    return new TimestepAttention.TimestepMemory.Tokens(
        (ImageProjection.TimestepResampler) projection,
        hidden ? torch.zeros_like(seen) : seen,
        layout.tokens(),
        layout.contextWidth());
  }

  /**
   * Each token's share in the attention, as its logarithm, [1, 1, 1, n tokens]; null when that
   * changes nothing, as where all count the same and there is nothing else to attend to.
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
