package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;

/**
 * The shape of a {@code FluxTransformer2DModel}, by diffusers' names.
 *
 * @param inChannels channels of a packed token: four latent pixels; for Fill, also the mask and the
 *     masked image
 * @param outChannels channels of a predicted packed token
 * @param layers double blocks
 * @param singleLayers single blocks
 * @param textWidth width of the text encoder's tokens
 * @param pooledWidth width of the pooled text
 * @param guidanceEmbeds true if the guidance scale is an input (guidance-distilled)
 * @param axes the channels of a head for each axis of the rotary embedding
 */
public record FluxConfig(
    int inChannels,
    int outChannels,
    int layers,
    int singleLayers,
    int headDim,
    int heads,
    int textWidth,
    int pooledWidth,
    boolean guidanceEmbeds,
    List<Integer> axes) {

  /** Reads a transformer's {@code config.json}; unsupported options are refused. */
  public static FluxConfig of(ModelConfig c) {
    c.requireValue("patch_size", 1);
    int in = c.integer("in_channels", 64);
    int headDim = c.positive("attention_head_dim", 128);
    FluxConfig config = new FluxConfig(
        in,
        c.integer("out_channels", in),
        c.integer("num_layers", 19),
        c.integer("num_single_layers", 38),
        headDim,
        c.positive("num_attention_heads", 24),
        c.integer("joint_attention_dim", 4096),
        c.integer("pooled_projection_dim", 768),
        c.flag("guidance_embeds", false),
        RotaryEmbedding.widths(
            c, "axes_dims_rope", List.of(16, 56, 56), headDim, "attention_head_dim " + headDim));
    c.refuseOthers();
    return config;
  }

  /** Channels of a token inside the network. */
  public int width() {
    return heads * headDim;
  }
}
