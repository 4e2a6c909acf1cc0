package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
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
        place(e.image().orElse(null), compute), flatten(e.face().orElse(null))));
    return tokens.reshape(1, -1, layout.contextWidth());
  }

  /** Returns the unconditional tokens for guidance, [1, tokens, contextWidth]. */
  public Tensor unconditional(ReferenceEmbeddings e) {
    Grid face = e.face().map(ImageTokens::zeros).orElse(null);
    Grid image = e.unconditional().or(() -> e.image().map(ImageTokens::zeros)).orElse(null);
    return projection.forward(
        new ImageProjection.ProjectionInputs(place(image, compute), flatten(face)));
  }

  /** Returns the logarithm of each token's weight in the attention, [1, 1, 1, n tokens]. */
  public static Tensor weightBias(ReferenceEmbeddings e, long tokens, Compute compute) {
    float[] bias = new float[(int) tokens];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) Math.log(e.weights().get((int) (i * (long) e.count() / tokens)));
    }
    return Tensors.place(compute, torch.tensor(bias)).view(1, 1, 1, tokens);
  }

  private static Grid zeros(Grid like) {
    return new Grid(new float[like.tokens() * like.width()], 1, like.tokens(), like.width());
  }

  /** Returns values on the device; null for null. */
  public static Tensor place(Grid grid, Compute compute) {
    return grid == null
        ? null
        : Tensors.place(
            compute, torch.tensor(grid.values()).view(grid.count(), grid.tokens(), grid.width()));
  }

  private Tensor flatten(Grid grid) {
    return grid == null ? null : place(grid, compute).view(grid.count(), -1);
  }
}
