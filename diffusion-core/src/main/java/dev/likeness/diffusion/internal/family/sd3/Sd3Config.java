package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.file.ModelConfig;
import java.util.List;

/**
 * The shape of an {@code SD3Transformer2DModel}, by diffusers' names.
 *
 * @param sampleSize side of the latents that the model was trained on
 * @param patch the side of a token's patch in latent pixels
 * @param textWidth width of the text's tokens
 * @param pooledWidth width of the pooled texts together
 * @param positions the side of the stored grid of position embeddings, in tokens
 * @param dualLayers blocks with a second attention over the image alone (SD 3.5 medium)
 * @param hasQkNorm true if queries and keys are normalised (SD 3.5)
 */
public record Sd3Config(
    int sampleSize,
    int patch,
    int inChannels,
    int outChannels,
    int layers,
    int headDim,
    int heads,
    int textWidth,
    int pooledWidth,
    int positions,
    List<Integer> dualLayers,
    boolean hasQkNorm) {

  /** Reads a transformer's {@code config.json}; unsupported options are refused. */
  public static Sd3Config of(ModelConfig c) {
    c.requireValue("qk_norm", "rms_norm");
    List<Integer> dual = c.integers("dual_attention_layers");
    int in = c.integer("in_channels", 16);
    Sd3Config config = new Sd3Config(
        c.integer("sample_size", 128),
        c.integer("patch_size", 2),
        in,
        c.isNull("out_channels") ? in : c.integer("out_channels", 16),
        c.integer("num_layers", 18),
        c.positive("attention_head_dim", 64),
        c.positive("num_attention_heads", 18),
        c.integer("joint_attention_dim", 4096),
        c.integer("pooled_projection_dim", 2048),
        c.integer("pos_embed_max_size", 96),
        dual == null ? List.of() : dual,
        c.has("qk_norm"));
    int caption = c.integer("caption_projection_dim", 1152);
    c.refuseOthers();
    if (caption != config.width()) {
      throw c.wrong(
          "caption_projection_dim",
          caption,
          config.width() + ", the product of num_attention_heads and attention_head_dim");
    }
    return config;
  }

  /** Channels of a token inside the network. */
  public int width() {
    return heads * headDim;
  }
}
