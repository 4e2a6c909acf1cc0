package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;

/**
 * The sizes of an EVA02-CLIP vision tower. Published towers differ in sizes only.
 *
 * @param width channels of a token
 * @param intermediateSize inner width of the feed-forward layers
 * @param heads number of attention heads, each 64 wide
 * @param imageSize side of its input in pixels
 * @param patchSize side in pixels of the square that becomes one token
 * @param projectionDim width of the pooled output
 */
public record EvaVisionConfig(
    int width,
    int intermediateSize,
    int layers,
    int heads,
    int imageSize,
    int patchSize,
    int projectionDim) {
  private static final int HEAD_WIDTH = 64;

  public EvaVisionConfig {
    if (width < HEAD_WIDTH
        || width != heads * HEAD_WIDTH
        || intermediateSize < 1
        || layers <= EvaVisionModel.LAST_HIDDEN_STATE
        || patchSize < 1
        || imageSize < patchSize
        || projectionDim < 1) {
      throw new IllegalArgumentException("an EVA02-CLIP vision tower needs a width that is a"
          + " multiple of 64, more than " + EvaVisionModel.LAST_HIDDEN_STATE + " layers and images"
          + " of at least one patch; got width " + width + ", feed-forward width "
          + intermediateSize + ", number of layers " + layers + ", patch size " + patchSize
          + ", image size " + imageSize + " and projection " + projectionDim);
    }
  }

  /**
   * Reads the sizes from the shapes in a file.
   *
   * @throws InvalidInputException if the file is no such tower
   */
  public static EvaVisionConfig of(TensorNames keys) {
    ShapeReader shapes = new ShapeReader(keys, "", "EVA02-CLIP vision tower");
    int width = shapes.size("patch_embed.proj.weight", 0);
    int patch = shapes.size("patch_embed.proj.weight", 3);
    int side = (int) Math.round(Math.sqrt(shapes.size("pos_embed", 1) - 1.0));
    try {
      return new EvaVisionConfig(
          width,
          shapes.size("blocks.0.mlp.w1.weight", 0),
          shapes.count("blocks."),
          width / HEAD_WIDTH,
          side * patch,
          patch,
          shapes.size("head.weight", 0));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          keys.describe() + ": " + e.getMessage()
              + "; give the tower that PuLID uses, EVA02-CLIP-L-14-336",
          e);
    }
  }

  /** Returns the number of patches of a side. */
  public int patches() {
    return imageSize / patchSize;
  }
}
