package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Activation;

/**
 * The config of a published vision tower that comes as a file alone, by its canonical names and
 * their shapes.
 */
public record TowerShape(TensorNames keys) {
  private static final int HEADS = 16;
  /**
   * What SigLIP's pictures are a multiple of: 384 for 27 patches of 14, which leave some pixels
   * out.
   */
  private static final int SIGLIP_SIDE = 32;

  public VisionConfig config() {
    boolean siglip = !keys.has("vision_model.embeddings.class_embedding");
    int width = size("vision_model.embeddings.patch_embedding.weight", 0);
    int patch = size("vision_model.embeddings.patch_embedding.weight", 3);
    int inner = size("vision_model.encoder.layers.0.mlp.fc1.weight", 0);
    int layers = 1;
    while (keys.has("vision_model.encoder.layers." + layers + ".mlp.fc1.weight")) {
      layers++;
    }
    int pixels = patch
        * (int) Math.sqrt(
            size("vision_model.embeddings.position_embedding.weight", 0) - (siglip ? 0 : 1));
    int side = siglip ? -Math.floorDiv(-pixels, SIGLIP_SIDE) * SIGLIP_SIDE : pixels;
    String pool = siglip ? "vision_model.head.layernorm.weight" : "visual_projection.weight";
    try {
      return new VisionConfig(
          siglip,
          width,
          inner,
          layers,
          HEADS,
          side,
          patch,
          activation(width, siglip),
          siglip ? 1e-6 : 1e-5,
          keys.has(pool) ? size(pool, 0) : 0);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(keys.describe() + ": " + e.getMessage(), e);
    }
  }

  /**
   * No shape tells it, nor the heads: known are ViT-L as OpenAI made it, OpenCLIP's larger ones,
   * and SigLIP's So400m. Of ViT-B there are OpenAI's (quick GELU) and LAION's (GELU), and no
   * published adapter that would tell which is meant.
   */
  private Activation activation(int width, boolean siglip) {
    if (siglip ? width != 1152 : width != 1024 && width != 1280 && width != 1664) {
      throw new InvalidInputException(
          keys.describe() + " is a " + (siglip ? "SigLIP" : "CLIP") + " tower of width " + width
              + ", whose heads and activation its shapes do not tell; put its config.json beside it");
    }
    return siglip ? Activation.GELU_TANH : width == 1024 ? Activation.QUICK_GELU : Activation.GELU;
  }

  private int size(String name, int dimension) {
    if (!keys.has(name) || keys.shape(name).length <= dimension) {
      throw new InvalidInputException(keys.describe() + ": no usable tensor \"" + name
          + "\"; give a vision tower under transformers' names");
    }
    return (int) keys.shape(name)[dimension];
  }
}
