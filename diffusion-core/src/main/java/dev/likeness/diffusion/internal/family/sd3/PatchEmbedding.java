package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * Latents to tokens, one per square of pixels, with the middle of a stored grid of position
 * embeddings added.
 */
final class PatchEmbedding {
  private final Conv2d proj;
  private final Tensor positions;
  private final int patch;
  private final int side;

  /** Reads {@code proj} and {@code pos_embed} [1, positions * positions, width]. */
  PatchEmbedding(Weights w, Sd3Config config) {
    patch = config.patch();
    side = config.positions();
    proj = new Conv2d(w.at("proj"), config.inChannels(), config.width(), patch, patch, 0);
    positions = w.tensor("pos_embed", 1, (long) side * side, config.width());
  }

  /** Maps [batch, channels, h, w] to [batch, tokens, width], row by row. */
  Tensor forward(Tensor latents) {
    Tensor tokens = proj.forward(latents).flatten(2, 3).transpose(1, 2).contiguous();
    return tokens.add(middle(latents.size(2) / patch, latents.size(3) / patch));
  }

  private Tensor middle(long rows, long columns) {
    if (rows > side || columns > side) {
      throw new IllegalArgumentException(
          "a picture of " + columns + "x" + rows + " tokens is larger than the " + side + "x" + side
              + " that the model has positions for; ask for a smaller size");
    }
    return positions
        .view(1, side, side, -1)
        .narrow(1, (side - rows) / 2, rows)
        .narrow(2, (side - columns) / 2, columns)
        .reshape(1, rows * columns, -1);
  }
}
