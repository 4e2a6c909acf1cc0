package dev.likeness.diffusion.unet;

import dev.likeness.diffusion.weights.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a {@code ControlNetModel}, by diffusers' names.
 *
 * @param unet the shape of the UNet that it is half of
 * @param pictureChannels channels of the picture that it looks at
 * @param hintChannels widths of the layers that look at it
 * @param reversed whether the picture's channels go in blue first
 */
public record ControlNetConfig(UNetConfig unet, int pictureChannels, List<Integer> hintChannels, boolean reversed) {
  private static final String SMALL_MIDDLE = "UNetMidBlock2D";

  /** Reads a ControlNet's {@code config.json}; an option that is not supported is refused by name. */
  public static ControlNetConfig of(ModelConfig c) {
    Map<String, Object> shared = new LinkedHashMap<>(c.values());
    c.require("global_pool_conditions", false);
    boolean reversed = c.text("controlnet_conditioning_channel_order", "rgb").equals("bgr");
    if (!reversed) {
      c.require("controlnet_conditioning_channel_order", "rgb");
    }
    List<Integer> hint = c.integers("conditioning_embedding_out_channels");
    int channels = c.integer("conditioning_channels", 3);
    boolean small = SMALL_MIDDLE.equals(shared.get("mid_block_type"));
    List.of("conditioning_embedding_out_channels", "conditioning_channels", "controlnet_conditioning_channel_order",
        "global_pool_conditions").forEach(shared::remove);
    if (small) {
      shared.remove("mid_block_type");
    }
    List<String> up = new ArrayList<>();
    c.texts("down_block_types", List.of("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"))
        .forEach(type -> up.add(type.replace("Down", "Up")));
    Collections.reverse(up);
    shared.put("up_block_types", up);
    UNetConfig unet = UNetConfig.of(ModelConfig.of(shared, c.where()));
    return new ControlNetConfig(small ? unet.withoutMiddleAttention() : unet, channels,
        hint == null ? List.of(16, 32, 96, 256) : hint, reversed);
  }
}
