package dev.likeness.ipadapter.vision;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.weights.TensorList;

/** The config of a published vision tower that comes as a file alone, by its canonical names and their shapes. */
final class TowerShape {
  private static final String EMBEDDINGS = "vision_model.embeddings.";
  private static final String LAYERS = "vision_model.encoder.layers.";
  private static final int HEADS = 16;
  /** What SigLIP's pictures are a multiple of: 384 for 27 patches of 14, which leave some pixels out. */
  private static final int SIGLIP_SIDE = 32;

  private TowerShape() {}

  static VisionConfig of(TensorList keys) {
    int width = size(keys, EMBEDDINGS + "patch_embedding.weight", 0);
    int patch = size(keys, EMBEDDINGS + "patch_embedding.weight", 3);
    boolean siglip = !keys.has(EMBEDDINGS + "class_embedding");
    int layers = 0;
    while (keys.has(LAYERS + layers + ".mlp.fc1.weight")) {
      layers++;
    }
    int pixels = patch * (int) Math.sqrt(size(keys, EMBEDDINGS + "position_embedding.weight", 0) - (siglip ? 0 : 1));
    int projection = siglip ? keys.has("vision_model.head.probe") ? width : 0
        : keys.has("visual_projection.weight") ? size(keys, "visual_projection.weight", 0) : 0;
    try {
      return new VisionConfig(siglip, width, size(keys, LAYERS + "0.mlp.fc1.weight", 0), layers, HEADS,
          siglip ? -Math.floorDiv(-pixels, SIGLIP_SIDE) * SIGLIP_SIDE : pixels, patch, activation(keys, width, siglip),
          siglip ? 1e-6 : 1e-5, projection);
    } catch (IllegalArgumentException e) {
      throw new UnusableInput(keys.describe() + ": " + e.getMessage(), e);
    }
  }

  /** No shape tells it, nor the heads: known are ViT-L as OpenAI made it, OpenCLIP's larger ones, and SigLIP's So400m. */
  private static Activation activation(TensorList keys, int width, boolean siglip) {
    if (siglip ? width != 1152 : width != 1024 && width != 1280 && width != 1664) {
      throw new UnusableInput(keys.describe() + " is a " + (siglip ? "SigLIP" : "CLIP") + " tower of width " + width
          + ", whose heads and activation its shapes do not tell; put its config.json beside it");
    }
    return Activation.parse(siglip ? "gelu_pytorch_tanh" : width == 1024 ? "quick_gelu" : "gelu");
  }

  private static int size(TensorList keys, String name, int dimension) {
    if (!keys.has(name) || keys.shape(name).length <= dimension) {
      throw new UnusableInput(keys.describe() + ": no usable tensor \"" + name
          + "\"; give a CLIP or SigLIP vision tower under transformers' names");
    }
    return (int) keys.shape(name)[dimension];
  }
}
