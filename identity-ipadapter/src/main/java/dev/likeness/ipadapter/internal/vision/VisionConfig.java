package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Activation;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The configuration of a CLIP or SigLIP vision tower, with transformers' names.
 *
 * @param isSiglip true for SigLIP: no class token, an attention pool instead of a projection
 * @param imageSize side of its input in pixels
 * @param patchSize side in pixels of the square that becomes one token
 * @param projectionDim width of the pooled output, of CLIP's {@code visual_projection} or SigLIP's
 *     pool; 0 if there is none
 */
public record VisionConfig(
    boolean isSiglip,
    int width,
    int intermediateSize,
    int layers,
    int heads,
    int imageSize,
    int patchSize,
    Activation activation,
    double layerNormEps,
    int projectionDim) {

  public VisionConfig {
    if (width < 1
        || heads < 1
        || layers < 1
        || patchSize < 1
        || imageSize < patchSize
        || width % heads != 0) {
      throw new IllegalArgumentException(
          "an image encoder needs sizes of at least 1, a width that its heads"
              + " divide, and images of at least one patch; got width " + width
              + ", number of heads " + heads + ", number of layers " + layers + ", patch size "
              + patchSize + " and image size " + imageSize);
    }
  }

  /**
   * Reads an image encoder's {@code config.json}: a vision tower's own, or a whole CLIP's or
   * SigLIP's.
   */
  public static VisionConfig of(ModelConfig whole) {
    ModelConfig c = visionConfig(whole);
    boolean siglip = Set.of("siglip", "siglip_vision_model").contains(modelType(whole, c));
    if (!siglip && !Set.of("clip", "clip_vision_model").contains(modelType(whole, c))) {
      throw new InvalidInputException(whole.source() + ": model_type is "
          + Quoted.of(modelType(whole, c))
          + ", expected clip_vision_model or siglip_vision_model; give a CLIP or SigLIP image"
          + " encoder");
    }
    c.requireValue("num_channels", 3);
    boolean pools = siglip
        ? c.flag("vision_use_head", true)
        : whole.texts("architectures", List.of()).stream().noneMatch("CLIPVisionModel"::equals);
    int own = siglip
        ? c.integer("hidden_size", 768)
        : whole.integer("projection_dim", c.integer("projection_dim", 512));
    try {
      return new VisionConfig(
          siglip,
          c.integer("hidden_size", 768),
          c.integer("intermediate_size", 3072),
          c.integer("num_hidden_layers", 12),
          c.integer("num_attention_heads", 12),
          c.integer("image_size", 224),
          c.integer("patch_size", siglip ? 16 : 32),
          Activation.parse(c.text("hidden_act", siglip ? "gelu_pytorch_tanh" : "quick_gelu")),
          c.number("layer_norm_eps", siglip ? 1e-6 : 1e-5),
          pools ? own : 0);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(whole.source() + ": " + e.getMessage(), e);
    }
  }

  /** Returns the number of tokens of one image. */
  public int tokens() {
    int side = imageSize / patchSize;
    return side * side + (isSiglip ? 0 : 1);
  }

  /** Returns its name with its width, such as {@code CLIP ViT-H/14 (width 1280)}. */
  public String describe() {
    String size =
        switch (width) {
          case 768 -> "ViT-B/" + patchSize + " ";
          case 1024 -> "ViT-L/" + patchSize + " ";
          case 1152 -> "So400m/" + patchSize + " ";
          case 1280 -> "ViT-H/" + patchSize + " ";
          case 1664 -> "ViT-bigG/" + patchSize + " ";
          default -> "";
        };
    return family() + " " + size + "(width " + width
        + (projectionDim == 0
            ? ", without projection)"
            : isSiglip ? ")" : ", projection " + projectionDim + ")");
  }

  /** Returns {@code CLIP} or {@code SigLIP}. */
  public String family() {
    return isSiglip ? "SigLIP" : "CLIP";
  }

  @SuppressWarnings("unchecked")
  private static ModelConfig visionConfig(ModelConfig whole) {
    Object part = whole.values().get("vision_config");
    return part instanceof Map<?, ?> own
        ? ModelConfig.of((Map<String, Object>) own, whole.source() + " vision_config")
        : whole;
  }

  private static String modelType(ModelConfig whole, ModelConfig vision) {
    return whole.text("model_type", vision.text("model_type", "clip_vision_model"));
  }

  /**
   * Detects the configuration of a published vision tower without {@code config.json} from names
   * and shapes.
   */
  public record ShapeDetector(TensorNames keys) {
    private static final int HEADS = 16;
    /**
     * SigLIP's image size is a multiple of this: 384 for 27 patches of 14, which leave some pixels
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
     * Returns the activation, which no shape tells, for known towers: OpenAI's ViT-L, OpenCLIP's
     * larger ones and SigLIP's So400m. ViT-B is ambiguous: OpenAI's has quick GELU, LAION's has
     * GELU.
     */
    private Activation activation(int width, boolean siglip) {
      if (siglip ? width != 1152 : width != 1024 && width != 1280 && width != 1664) {
        throw new InvalidInputException(
            keys.describe() + " is a " + (siglip ? "SigLIP" : "CLIP") + " image encoder of width "
                + width
                + ", whose heads and activation are unknown; put the encoder's config.json beside"
                + " the file");
      }
      return siglip
          ? Activation.GELU_TANH
          : width == 1024 ? Activation.QUICK_GELU : Activation.GELU;
    }

    private int size(String name, int dimension) {
      if (!keys.has(name) || keys.shape(name).length <= dimension) {
        throw new InvalidInputException(keys.describe() + ": no usable tensor \"" + name
            + "\"; give an image encoder with transformers' key names");
      }
      return (int) keys.shape(name)[dimension];
    }
  }
}
