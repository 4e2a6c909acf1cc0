package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import java.util.List;

/**
 * The configuration of a {@code UNet2DConditionModel}, by diffusers' names. {@code heads} is the
 * number of heads, which configs call {@code attention_head_dim}.
 *
 * @param sampleSize side of the latents that the model was trained on, or 0 if unknown
 * @param mid the mid block
 * @param convolutions convolutions that configs may change
 * @param embedding the embedding of time and of other numbers
 */
public record UNetConfig(
    int inChannels,
    int outChannels,
    int sampleSize,
    List<Level> levels,
    Mid mid,
    boolean linearProjection,
    Activation activation,
    int groups,
    double eps,
    Convolutions convolutions,
    Embedding embedding) {

  /** The largest side of latents, for images of 8192 pixels. */
  private static final int LARGEST_SAMPLE = 1024;

  /**
   * One resolution.
   *
   * @param hasAttention true if its blocks have cross-attention
   * @param transformers transformer blocks after each residual block
   */
  public record Level(
      int channels,
      int layers,
      boolean hasAttention,
      int heads,
      int contextWidth,
      int transformers,
      boolean onlyCrossAttention,
      boolean hasUpAttention) {}

  /**
   * The mid block.
   *
   * @param exists false for small distilled models, which have none
   * @param transformers transformer blocks; 0 for a mid block of one residual block only
   * @param scale divides the sum of each residual block
   */
  public record Mid(boolean exists, int transformers, double scale) {}

  /**
   * Convolutions that configs may change.
   *
   * @param inKernel kernel of the first convolution
   * @param outKernel kernel of the last convolution
   * @param downsamplePadding padding of the downsamplers
   */
  public record Convolutions(int inKernel, int outKernel, int downsamplePadding) {}

  /**
   * The embedding of numbers that all blocks take.
   *
   * @param sinusoids features of the timestep
   * @param width its width
   * @param timeIds SDXL's size conditioning, or null
   * @param guidanceWidth width of the guidance scale embedding of guidance-distilled models, or 0
   */
  public record Embedding(
      SinusoidalEmbedding sinusoids, int width, TimeIds timeIds, int guidanceWidth) {}

  /**
   * Size conditioning of SDXL: sinusoidal features of each id, concatenated with the pooled text;
   * {@code inputWidth} is the total width.
   */
  public record TimeIds(SinusoidalEmbedding sinusoids, int inputWidth) {}

  /** Reads a UNet's {@code config.json}; an option that is not supported is refused by name. */
  public static UNetConfig of(ModelConfig c) {
    List<String> down = c.texts(
        "down_block_types",
        List.of(
            "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"));
    List<String> up = c.texts(
        "up_block_types",
        List.of("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"));
    List<Integer> channels = c.levels("block_out_channels", List.of(320, 640, 1280, 1280));
    int count = channels.size();
    int groups = c.positive("norm_num_groups", 32);
    c.requireDivided("block_out_channels", channels, groups, "norm_num_groups");
    if (down.size() != count || up.size() != count) {
      throw new InvalidInputException(
          c.source() + ": " + count + " block_out_channels, but " + down.size()
              + " down_block_types and " + up.size()
              + " up_block_types; expected the same number of each; correct the file, or use the"
              + " config that was published with the model");
    }
    List<Integer> transformers = c.integers("transformer_layers_per_block", count, 1);
    refuse(c);
    UNetConfig config = new UNetConfig(
        c.integer("in_channels", 4),
        c.integer("out_channels", 4),
        sampleSize(c),
        levels(c, down, up, channels, transformers),
        new Mid(
            !c.isNull("mid_block_type"),
            transformers.get(count - 1),
            c.number("mid_block_scale_factor", 1)),
        c.flag("use_linear_projection", false),
        Activation.of(c, "act_fn", "silu"),
        groups,
        c.epsilon("norm_eps", 1e-5),
        new Convolutions(
            c.integer("conv_in_kernel", 3),
            c.integer("conv_out_kernel", 3),
            c.integer("downsample_padding", 1, 1)),
        new Embedding(
            new SinusoidalEmbedding(
                channels.get(0), c.flag("flip_sin_to_cos", true), c.number("freq_shift", 0)),
            c.integer("time_embedding_dim", 4 * channels.get(0)),
            timeIds(c),
            c.integer("time_cond_proj_dim", 0)));
    c.refuseOthers();
    return config;
  }

  /** Returns the level of the highest resolution with attention; null if there is none. */
  public Level largestWithAttention() {
    return levels.stream()
        .filter(level -> level.hasAttention() || level.hasUpAttention())
        .findFirst()
        .orElse(null);
  }

  /**
   * Returns the configuration with a mid block of one residual block only, as in small ControlNets.
   */
  public UNetConfig withoutMiddleAttention() {
    return new UNetConfig(
        inChannels,
        outChannels,
        sampleSize,
        levels,
        new Mid(mid.exists(), 0, mid.scale()),
        linearProjection,
        activation,
        groups,
        eps,
        convolutions,
        embedding);
  }

  /**
   * Returns the side of the latents. Configs from before diffusers 0.9 often have a smaller one
   * than the training size; for them, at least 64.
   */
  private static int sampleSize(ModelConfig c) {
    int side = c.integer("sample_size", 0, LARGEST_SAMPLE);
    boolean old = c.text("_diffusers_version", "").matches("0\\.[0-8](\\..*)?");
    return old ? Math.max(side, 64) : side;
  }

  private static List<Level> levels(
      ModelConfig c,
      List<String> down,
      List<String> up,
      List<Integer> channels,
      List<Integer> transformers) {
    int count = channels.size();
    List<Integer> layers = c.integers("layers_per_block", count, 2);
    List<Integer> heads = c.integers("attention_head_dim", count, 8);
    List<Integer> context = c.integers("cross_attention_dim", count, 1280);
    List<Boolean> onlyCross = c.flags("only_cross_attention", count, false);
    return java.util.stream.IntStream.range(0, count)
        .mapToObj(i -> {
          if (heads.get(i) < 1 || channels.get(i) % heads.get(i) != 0) {
            throw new InvalidInputException(
                c.source() + ": " + heads.get(i)
                    + " heads (attention_head_dim) do not divide " + channels.get(i)
                    + " channels; correct the file, or use the config that was published with the model");
          }
          return new Level(
              channels.get(i),
              layers.get(i),
              hasAttention(c, down.get(i), "DownBlock2D"),
              heads.get(i),
              context.get(i),
              transformers.get(i),
              onlyCross.get(i),
              hasAttention(c, up.get(count - 1 - i), "UpBlock2D"));
        })
        .toList();
  }

  private static boolean hasAttention(ModelConfig c, String type, String plain) {
    if (type.equals(plain) || type.equals("CrossAttn" + plain)) {
      return type.startsWith("CrossAttn");
    }
    throw new InvalidInputException(c.source() + ": block type " + Quoted.of(type)
        + " is not supported; known: " + plain + ", CrossAttn" + plain);
  }

  private static TimeIds timeIds(ModelConfig c) {
    c.requireValue("addition_embed_type", "text_time");
    if (!c.has("addition_embed_type")) {
      c.integer("addition_time_embed_dim", 0);
      c.integer("projection_class_embeddings_input_dim", 0);
      return null;
    }
    SinusoidalEmbedding sinusoids = new SinusoidalEmbedding(
        c.integer("addition_time_embed_dim", 256),
        c.flag("flip_sin_to_cos", true),
        c.number("freq_shift", 0));
    return new TimeIds(sinusoids, c.integer("projection_class_embeddings_input_dim", 2816));
  }

  // Options with one supported value, and options without effect at inference.
  private static void refuse(ModelConfig c) {
    c.requireValue("mid_block_type", "UNetMidBlock2DCrossAttn");
    c.requireValue("time_embedding_type", "positional");
    c.requireValue("resnet_time_scale_shift", "default");
    c.requireValue("resnet_out_scale_factor", 1.0);
    c.requireValue("attention_type", "default");
    c.number("dropout", 0);
    c.flag("upcast_attention", false);
    c.integer("addition_embed_type_num_heads", 64);
  }
}
