package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModuleTable;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The UNet in the names of latent diffusion's code, in SD 1.x, 2.x and XL files: one list of input
 * blocks, a middle, one list of output blocks.
 *
 * <p>Source: {@code openaimodel.py} of CompVis/stable-diffusion and Stability-AI/generative-models.
 */
public final class UNetKeyFormat {
  private static final Map<String, String> RESNET = Map.of(
      "norm1",
      "in_layers.0",
      "conv1",
      "in_layers.2",
      "time_emb_proj",
      "emb_layers.1",
      "norm2",
      "out_layers.0",
      "conv2",
      "out_layers.3",
      "conv_shortcut",
      "skip_connection");

  /** A part of a tensor's name, between two dots. */
  private static final Pattern WORD = Pattern.compile("\\d+|input_blocks|output_blocks|middle_block"
      + "|in_layers|out_layers|emb_layers|skip_connection|transformer_blocks|time_embedding"
      + "|time_embed|label_emb|attn[12]|to_q|to_k|to_v|to_out|norm[123]?|ff|net|cond_proj|proj_in"
      + "|proj_out|proj|op|conv|out|weight|bias");

  /**
   * A resolution of a UNet.
   *
   * @param layers the residual blocks of its down block; its up block has one more
   * @param hasUpAttention true if its up block has attention
   */
  private record Level(int layers, boolean hasUpAttention) {
    private static final Pattern DOWN_RESNET =
        Pattern.compile("down_blocks\\.(\\d+)\\.resnets\\.(\\d+)\\..+");

    static List<Level> of(UNetConfig config) {
      return config.levels().stream()
          .map(level -> new Level(level.layers(), level.hasUpAttention()))
          .toList();
    }

    static List<Level> of(Collection<String> layers) {
      Map<Integer, Set<String>> resnets = new TreeMap<>();
      for (String layer : layers) {
        Matcher resnet = DOWN_RESNET.matcher(layer);
        if (resnet.matches()) {
          resnets
              .computeIfAbsent(Integer.parseInt(resnet.group(1)), level -> new HashSet<>())
              .add(resnet.group(2));
        }
      }
      int last = resnets.size() - 1;
      return resnets.entrySet().stream()
          .map(level -> {
            String up = "up_blocks." + (last - level.getKey()) + ".attentions.";
            return new Level(
                level.getValue().size(), layers.stream().anyMatch(name -> name.startsWith(up)));
          })
          .toList();
    }
  }

  private final ModuleTable table = new ModuleTable(module -> false);

  private UNetKeyFormat(List<Level> levels) {
    table.add("conv_in", "input_blocks.0.0").add("conv_norm_out", "out.0").add("conv_out", "out.2");
    table
        .add("time_embedding.linear_1", "time_embed.0")
        .add("time_embedding.linear_2", "time_embed.2");
    // Diffusers' script keeps its name.
    table.add("time_embedding.cond_proj", "time_embedding.cond_proj");
    table
        .add("add_embedding.linear_1", "label_emb.0.0")
        .add("add_embedding.linear_2", "label_emb.0.2");
    addDownBlocks(levels);
    table
        .addAll("mid_block.resnets.0", "middle_block.0", RESNET)
        .add("mid_block.attentions.0", "middle_block.1")
        .addAll("mid_block.resnets.1", "middle_block.2", RESNET);
    addUpBlocks(levels);
  }

  /** The key mapping of a UNet of this shape, without a prefix. */
  public static KeyMapping of(UNetConfig config) {
    return new UNetKeyFormat(Level.of(config)).table;
  }

  /** The key mapping of a UNet with these layers in diffusers, without a prefix. */
  public static KeyMapping ofLayers(Collection<String> layers) {
    return new UNetKeyFormat(Level.of(layers)).table;
  }

  /**
   * The key mapping of a ControlNet of this shape: such a UNet's encoder with additional layers.
   */
  public static KeyMapping of(ControlNetConfig config) {
    ModuleTable table = new UNetKeyFormat(Level.of(config.unet())).table;
    int blocks = 2 * (config.conditioningEmbeddingChannels().size() - 1);
    table
        .add("controlnet_cond_embedding.conv_in", "input_hint_block.0")
        .add("controlnet_cond_embedding.conv_out", "input_hint_block." + 2 * (blocks + 1));
    for (int i = 0; i < blocks; i++) {
      table.add("controlnet_cond_embedding.blocks." + i, "input_hint_block." + 2 * (i + 1));
    }
    int left =
        config.unet().levels().stream().mapToInt(level -> level.layers() + 1).sum();
    for (int i = 0; i < left; i++) {
      table.add("controlnet_down_blocks." + i, "zero_convs." + i + ".0");
    }
    return table.add("controlnet_mid_block", "middle_block_out.0");
  }

  /**
   * The name of a tensor by the same name without dots, as in averaged weights. The second number
   * after {@code input_blocks} and {@code output_blocks} has one digit, and so have all numbers but
   * those of blocks.
   *
   * <p>Source: {@code LitEma} of CompVis/stable-diffusion {@code ldm/modules/ema.py}.
   */
  static Optional<String> withDots(String flat) {
    List<String> parts = new ArrayList<>();
    Matcher word = WORD.matcher(flat);
    int at = 0;
    while (word.find() && word.start() == at) {
      parts.add(word.group());
      at = word.end();
    }
    if (at < flat.length() || !flat.matches(".*(weight|bias|cond_proj)")) {
      return Optional.empty();
    }
    for (int i = 1; i < parts.size(); i++) {
      String digits = parts.get(i);
      if (digits.matches("\\d{2,}") && !parts.get(i - 1).equals("transformer_blocks")) {
        parts.set(
            i, digits.substring(0, digits.length() - 1) + "." + digits.charAt(digits.length() - 1));
      }
    }
    return Optional.of(String.join(".", parts));
  }

  private void addDownBlocks(List<Level> levels) {
    int at = 1;
    for (int i = 0; i < levels.size(); i++) {
      for (int j = 0; j < levels.get(i).layers(); j++, at++) {
        table.addAll("down_blocks." + i + ".resnets." + j, "input_blocks." + at + ".0", RESNET);
        table.add("down_blocks." + i + ".attentions." + j, "input_blocks." + at + ".1");
      }
      if (i < levels.size() - 1) {
        table.add("down_blocks." + i + ".downsamplers.0.conv", "input_blocks." + at++ + ".0.op");
      }
    }
  }

  private void addUpBlocks(List<Level> levels) {
    int at = 0;
    for (int i = 0; i < levels.size(); i++) {
      Level level = levels.get(levels.size() - 1 - i);
      for (int j = 0; j <= level.layers(); j++, at++) {
        table.addAll("up_blocks." + i + ".resnets." + j, "output_blocks." + at + ".0", RESNET);
        if (level.hasUpAttention()) {
          table.add("up_blocks." + i + ".attentions." + j, "output_blocks." + at + ".1");
        }
      }
      table.add(
          "up_blocks." + i + ".upsamplers.0.conv",
          "output_blocks." + (at - 1) + "." + (level.hasUpAttention() ? 2 : 1) + ".conv");
    }
  }
}
