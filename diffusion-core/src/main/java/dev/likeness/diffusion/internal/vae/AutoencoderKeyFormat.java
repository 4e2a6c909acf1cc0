package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModuleTable;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Key formats of an autoencoder file, and its {@code config.json} from names and shapes. */
public final class AutoencoderKeyFormat {
  private AutoencoderKeyFormat() {}

  /**
   * The key mapping of the autoencoder below {@code prefix}; null if there is none in latent
   * diffusion's names.
   */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    int levels = ShapeReader.Numbered.count(keys, prefix + "decoder.up.");
    int blocks = ShapeReader.Numbered.count(keys, prefix + "decoder.up.0.block.");
    return levels == 0 || blocks == 0
        ? null
        : AutoencoderLayout.of(levels, blocks, keys.hasModule(prefix + "encoder.quant_conv"))
            .withPrefix(prefix);
  }

  /**
   * The options under diffusers' names, by the canonical names of an {@code AutoencoderKL}.
   *
   * @param kinds other classes that the autoencoder may have
   */
  public static Map<String, Object> config(TensorNames keys, List<AutoencoderKind> kinds) {
    int levels = ShapeReader.Numbered.count(keys, "decoder.up_blocks.");
    int layers = ShapeReader.Numbered.count(keys, "encoder.down_blocks.0.resnets.");
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("in_channels", size(keys, "encoder.conv_in.weight", 1));
    config.put("out_channels", size(keys, "decoder.conv_out.weight", 0));
    config.put("latent_channels", size(keys, "decoder.conv_in.weight", 1));
    config.put(
        "block_out_channels",
        IntStream.range(0, levels)
            .mapToObj(i -> size(keys, "encoder.down_blocks." + i + ".resnets.0.conv1.weight", 0))
            .toList());
    if (AutoencoderKind.of(keys, kinds) != AutoencoderKind.KL) {
      config.put(
          "decoder_block_out_channels",
          IntStream.range(0, levels)
              .mapToObj(i -> size(
                  keys, "decoder.up_blocks." + (levels - 1 - i) + ".resnets.0.conv1.weight", 0))
              .toList());
    }
    config.put("layers_per_block", layers);
    config.put("down_block_types", Collections.nCopies(levels, "DownEncoderBlock2D"));
    config.put("up_block_types", Collections.nCopies(levels, "UpDecoderBlock2D"));
    config.put("use_quant_conv", keys.hasModule("quant_conv"));
    config.put("use_post_quant_conv", keys.hasModule("post_quant_conv"));
    config.put("mid_block_add_attention", keys.hasModule("decoder.mid_block.attentions.0"));
    return config;
  }

  /** The options of an {@code AutoencoderTiny}, whose layers diffusers numbers consecutively. */
  public static Map<String, Object> tinyConfig(TensorNames keys) {
    List<Integer> blocks = IntStream.range(
            0, ShapeReader.Numbered.countWithGaps(keys, "encoder.layers."))
        .mapToObj(i -> keys.hasModule("encoder.layers." + i + ".conv") ? 1 : 0)
        .toList();
    List<Integer> counts = new java.util.ArrayList<>();
    for (int i = 0; i < blocks.size() - 1; i++) {
      if (blocks.get(i) == 0) {
        counts.add(0);
      } else if (!counts.isEmpty()) {
        counts.set(counts.size() - 1, counts.get(counts.size() - 1) + 1);
      }
    }
    List<Integer> reversed = new java.util.ArrayList<>(counts);
    Collections.reverse(reversed);
    int width = size(keys, "encoder.layers.0.weight", 0);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("in_channels", size(keys, "encoder.layers.0.weight", 1));
    config.put("out_channels", 3);
    config.put("latent_channels", size(keys, "decoder.layers.0.weight", 1));
    config.put("encoder_block_out_channels", Collections.nCopies(counts.size(), width));
    config.put("decoder_block_out_channels", Collections.nCopies(counts.size(), width));
    config.put("num_encoder_blocks", counts);
    config.put("num_decoder_blocks", reversed);
    config.put("scaling_factor", 1.0);
    config.put("use_midblock_gn", keys.hasModule("decoder.layers.2.pool"));
    return config;
  }

  private static int size(TensorNames keys, String name, int dimension) {
    return new ShapeReader(keys, "", "autoencoder").size(name, dimension);
  }

  /**
   * The autoencoder in the names of latent diffusion's code.
   *
   * <p>Source: {@code diffusionmodules/model.py} of CompVis/stable-diffusion.
   */
  public static final class AutoencoderLayout {
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
     * The key mapping of an autoencoder without a prefix, by the number of levels and the largest
     * number of residual blocks in each.
     */
    public static KeyMapping of(int levels, int mostBlocks) {
      return of(levels, mostBlocks, false);
    }

    /**
     * The key mapping of an autoencoder.
     *
     * @param inside true if the layers between encoder and decoder belong to them, as in FLUX.2's
     */
    public static KeyMapping of(int levels, int mostBlocks, boolean inside) {
      ModuleTable table = new ModuleTable(
          module -> module.contains(".attentions.") && !module.endsWith("group_norm"));
      table.add("quant_conv", (inside ? "encoder." : "") + "quant_conv").add("bn", "bn");
      table.add("post_quant_conv", (inside ? "decoder." : "") + "post_quant_conv");
      addHalf(table, "encoder");
      addHalf(table, "decoder");
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

    private static void addHalf(ModuleTable table, String half) {
      table.addAll(half, half, OUTER);
      table.addAll(half + ".mid_block.resnets.0", half + ".mid.block_1", RESNET);
      table.addAll(half + ".mid_block.attentions.0", half + ".mid.attn_1", ATTENTION);
      table.addAll(half + ".mid_block.resnets.1", half + ".mid.block_2", RESNET);
    }
  }
}
