package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModuleTable;
import java.util.Map;

/**
 * The autoencoder as latent diffusion's own code names it.
 *
 * <p>Source: {@code diffusionmodules/model.py} of CompVis/stable-diffusion.
 */
public final class AutoencoderLayout {
  private static final Map<String, String> RESNET = Map.of(
      "norm1",
      "norm1",
      "conv1",
      "conv1",
      "norm2",
      "norm2",
      "conv2",
      "conv2",
      "conv_shortcut",
      "nin_shortcut");
  private static final Map<String, String> OUTER =
      Map.of("conv_in", "conv_in", "conv_norm_out", "norm_out", "conv_out", "conv_out");
  private static final Map<String, String> ATTENTION =
      Map.of("group_norm", "norm", "to_q", "q", "to_k", "k", "to_v", "v", "to_out.0", "proj_out");

  private AutoencoderLayout() {}

  /**
   * The layout of an autoencoder with so many resolutions, and at most so many residual blocks in
   * each, no prefix.
   */
  public static KeyMapping of(int levels, int mostBlocks) {
    return of(levels, mostBlocks, false);
  }

  /**
   * The same; {@code inside} tells whether the layers between the halves belong to them, as in
   * FLUX.2's.
   */
  public static KeyMapping of(int levels, int mostBlocks, boolean inside) {
    ModuleTable table = new ModuleTable(
        module -> module.contains(".attentions.") && !module.endsWith("group_norm"));
    table.add("quant_conv", (inside ? "encoder." : "") + "quant_conv").add("bn", "bn");
    table.add("post_quant_conv", (inside ? "decoder." : "") + "post_quant_conv");
    half(table, "encoder");
    half(table, "decoder");
    for (int i = 0; i < levels; i++) {
      String up = "decoder.up." + (levels - 1 - i);
      for (int j = 0; j < mostBlocks; j++) {
        table.addAll(
            "encoder.down_blocks." + i + ".resnets." + j,
            "encoder.down." + i + ".block." + j,
            RESNET);
        table.addAll("decoder.up_blocks." + i + ".resnets." + j, up + ".block." + j, RESNET);
      }
      table.add(
          "encoder.down_blocks." + i + ".downsamplers.0.conv",
          "encoder.down." + i + ".downsample.conv");
      table.add("decoder.up_blocks." + i + ".upsamplers.0.conv", up + ".upsample.conv");
    }
    return table;
  }

  private static void half(ModuleTable table, String half) {
    table.addAll(half, half, OUTER);
    table.addAll(half + ".mid_block.resnets.0", half + ".mid.block_1", RESNET);
    table.addAll(half + ".mid_block.attentions.0", half + ".mid.attn_1", ATTENTION);
    table.addAll(half + ".mid_block.resnets.1", half + ".mid.block_2", RESNET);
  }
}
