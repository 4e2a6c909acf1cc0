package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;

/**
 * The shape of a {@code ChromaTransformer2DModel}, by diffusers' names.
 *
 * @param inChannels channels of a packed token: four latent pixels
 * @param outChannels channels of a predicted token
 * @param layers double blocks
 * @param singleLayers single blocks
 * @param headDim channels of a head
 * @param heads attention heads
 * @param textWidth width of the text encoder's tokens
 * @param axes the channels of a head for each axis of the rotary embedding
 * @param approximatorChannels inputs of the approximator
 * @param approximatorWidth channels inside the approximator
 * @param approximatorLayers residual layers of the approximator
 */
public record ChromaConfig(
    int inChannels,
    int outChannels,
    int layers,
    int singleLayers,
    int headDim,
    int heads,
    int textWidth,
    List<Integer> axes,
    int approximatorChannels,
    int approximatorWidth,
    int approximatorLayers) {
  private static final int VECTORS = 6;
  private static final int SINGLE_VECTORS = 3;
  private static final int LAST_VECTORS = 2;
  /** The features of time, guidance and index (twice as many), each of which is even. */
  private static final int FEATURE_UNIT = 8;

  /** Reads a transformer's {@code config.json}. Refuses unsupported options. */
  public static ChromaConfig of(ModelConfig c) {
    c.requireValue("patch_size", 1);
    int in = c.integer("in_channels", 64);
    int headDim = c.positive("attention_head_dim", 128);
    ChromaConfig config = new ChromaConfig(
        in,
        c.integer("out_channels", in),
        c.integer("num_layers", 19),
        c.integer("num_single_layers", 38),
        headDim,
        c.positive("num_attention_heads", 24),
        c.integer("joint_attention_dim", 4096),
        RotaryEmbedding.widths(
            c, "axes_dims_rope", List.of(16, 56, 56), headDim, "attention_head_dim " + headDim),
        c.integer("approximator_num_channels", 64),
        c.integer("approximator_hidden_dim", 5120),
        c.integer("approximator_layers", 5));
    c.refuseOthers();
    config.check(c);
    return config;
  }

  private void check(ModelConfig c) {
    if (approximatorChannels < FEATURE_UNIT || approximatorChannels % FEATURE_UNIT != 0) {
      throw c.wrong(
          "approximator_num_channels",
          approximatorChannels,
          "a positive multiple of " + FEATURE_UNIT);
    }
  }

  /** Channels of a token inside the network. */
  public int width() {
    return heads * headDim;
  }

  /** The number of shifts, scales and gates that the approximator computes. */
  int vectors() {
    return textVectors(layers) + LAST_VECTORS;
  }

  /** Index of the first of the three vectors of a single block. */
  static int singleVectors(int block) {
    return SINGLE_VECTORS * block;
  }

  /** Index of the first of the six vectors of a double block's image stream. */
  int imageVectors(int block) {
    return singleVectors(singleLayers) + VECTORS * block;
  }

  /** Index of the first of the six vectors of a double block's text stream. */
  int textVectors(int block) {
    return imageVectors(layers) + VECTORS * block;
  }
}
