package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;

/**
 * The shape of a {@code ZImageTransformer2DModel}, by diffusers' names.
 *
 * @param width channels of a token inside the network
 * @param layers blocks over image and text together
 * @param refiners blocks over image and text separately, before the joint ones
 * @param hasQkNorm true if queries and keys are normalised
 * @param textWidth width of the language model's tokens
 * @param theta base of the rotary frequencies
 * @param timeScale the factor of the time
 * @param axesDims the channels of a head for each axis of the rotary embedding
 * @param axesLengths the number of positions of each axis
 */
public record ZImageConfig(
    int channels,
    int width,
    int layers,
    int refiners,
    int heads,
    double eps,
    boolean hasQkNorm,
    int textWidth,
    double theta,
    double timeScale,
    List<Integer> axesDims,
    List<Integer> axesLengths) {
  /** The side of a token's patch in latent pixels. */
  public static final int PATCH = 2;

  private static final int MODULATION = 256;

  /** Reads a transformer's {@code config.json}; unsupported options are refused. */
  public static ZImageConfig of(ModelConfig c) {
    c.requireValue("all_patch_size", List.of(PATCH));
    c.requireValue("all_f_patch_size", List.of(1));
    int heads = c.positive("n_heads", 30);
    c.requireValue("n_kv_heads", heads);
    int width = c.integer("dim", 3840);
    List<Integer> longest = c.integers("axes_lens");
    ZImageConfig config = new ZImageConfig(
        c.integer("in_channels", 16),
        width,
        c.integer("n_layers", 30),
        c.integer("n_refiner_layers", 2),
        heads,
        c.epsilon("norm_eps", 1e-5),
        c.flag("qk_norm", true),
        c.integer("cap_feat_dim", 2560),
        c.number("rope_theta", 256),
        c.number("t_scale", 1000),
        RotaryEmbedding.widths(
            c,
            "axes_dims",
            List.of(32, 48, 48),
            (double) width / heads,
            "dim / n_heads (" + width / heads + ")"),
        longest == null ? List.of(1024, 512, 512) : longest);
    c.refuseOthers();
    if (config.axesLengths.size() != 3) {
      throw c.wrong("axes_lens", config.axesLengths, "three numbers");
    }
    return config;
  }

  /** Channels of the time embedding. */
  int modulation() {
    return Math.min(width, MODULATION);
  }

  /** Channels inside a feed-forward. */
  int innerDim() {
    return (int) (width / 3.0 * 8);
  }

  QkvProjection.Style style() {
    return new QkvProjection.Style(hasQkNorm, false, 1e-5);
  }
}
