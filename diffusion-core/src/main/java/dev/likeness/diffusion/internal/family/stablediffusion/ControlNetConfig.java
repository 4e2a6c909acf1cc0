package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a {@code ControlNetModel} or {@code ControlNetUnionModel}, by diffusers' names.
 *
 * @param unet the shape of the UNet whose encoder it copies
 * @param conditioningChannels channels of the control image
 * @param conditioningEmbeddingChannels widths of the layers that embed it
 * @param isBgr true if the image's channels are in the order blue, green, red
 * @param union the union's configuration; null for a ControlNet with one kind of control images
 */
public record ControlNetConfig(
    UNetConfig unet,
    int conditioningChannels,
    List<Integer> conditioningEmbeddingChannels,
    boolean isBgr,
    Union union) {
  private static final List<String> OF_UNION = List.of(
      "num_control_type",
      "num_trans_channel",
      "num_trans_head",
      "num_trans_layer",
      "num_proj_channel");
  private static final String SMALL_MIDDLE = "UNetMidBlock2D";

  /**
   * A union of ControlNets.
   *
   * @param modes the number of control modes
   * @param layers the layers of the transformer over its images
   * @param sinusoids the embedding of active control modes
   */
  public record Union(int modes, int layers, SinusoidalEmbedding sinusoids) {}

  /**
   * Reads a ControlNet's {@code config.json}; with {@code num_control_type} it is a union, whatever
   * class it names. Unsupported options are refused.
   */
  public static ControlNetConfig of(ModelConfig c) {
    Map<String, Object> shared = new LinkedHashMap<>(c.values());
    c.requireValue("global_pool_conditions", false);
    boolean several = c.has("num_control_type");
    boolean reversed =
        !several && c.text("controlnet_conditioning_channel_order", "rgb").equals("bgr");
    if (!reversed) {
      c.requireValue("controlnet_conditioning_channel_order", "rgb");
    }
    List<Integer> embeddingChannels = c.integers("conditioning_embedding_out_channels");
    int channels = c.integer("conditioning_channels", 3);
    boolean small = SMALL_MIDDLE.equals(shared.get("mid_block_type"));
    List.of(
            "conditioning_embedding_out_channels",
            "conditioning_channels",
            "controlnet_conditioning_channel_order",
            "global_pool_conditions")
        .forEach(shared::remove);
    OF_UNION.forEach(shared::remove);
    if (small) {
      shared.remove("mid_block_type");
    }
    List<String> up = new ArrayList<>();
    c.texts(
            "down_block_types",
            List.of(
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "DownBlock2D"))
        .forEach(type -> up.add(type.replace("Down", "Up")));
    Collections.reverse(up);
    shared.put("up_block_types", up);
    UNetConfig unet = UNetConfig.of(ModelConfig.of(shared, c.source()));
    return new ControlNetConfig(
        small ? unet.withoutMiddleAttention() : unet,
        channels,
        embeddingChannels != null
            ? embeddingChannels
            : several ? List.of(48, 96, 192, 384) : List.of(16, 32, 96, 256),
        reversed,
        several ? union(c, unet.levels().get(0).channels()) : null);
  }

  // The number of heads has no effect: see ControlNetUnion.
  private static Union union(ModelConfig c, int width) {
    c.requireValue("num_trans_channel", width);
    c.requireValue("num_proj_channel", width);
    SinusoidalEmbedding sinusoids = new SinusoidalEmbedding(
        c.integer("addition_time_embed_dim", 256),
        c.flag("flip_sin_to_cos", true),
        c.number("freq_shift", 0));
    return new Union(c.integer("num_control_type", 0), c.integer("num_trans_layer", 1), sinusoids);
  }
}
