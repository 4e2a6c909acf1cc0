package dev.likeness.lora.internal.file;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that the first Stable Diffusion code gives a UNet's modules, made from diffusers' names
 * of the same model: its blocks are counted through, with each downsampler a block of its own.
 */
public final class SgmNames {
  private static final Pattern BLOCK = Pattern.compile(
      "(down|up)_blocks\\.(\\d+)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.+)");
  private static final Pattern MID =
      Pattern.compile("mid_block\\.(resnets|attentions)\\.(\\d+)\\.(.+)");
  private static final Map<String, String> TOP = Map.of(
      "conv_in",
      "input_blocks.0.0",
      "conv_norm_out",
      "out.0",
      "conv_out",
      "out.2",
      "time_embedding.linear_1",
      "time_embed.0",
      "time_embedding.linear_2",
      "time_embed.2",
      "add_embedding.linear_1",
      "label_emb.0.0",
      "add_embedding.linear_2",
      "label_emb.0.2");
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

  private final List<Integer> down = new ArrayList<>();
  private final List<Integer> up = new ArrayList<>();
  private final Map<Integer, Boolean> upAttends = new LinkedHashMap<>();

  /** Counts the blocks of a UNet whose modules have these paths. */
  public SgmNames(Collection<String> paths) {
    for (String path : paths) {
      Matcher block = BLOCK.matcher(path);
      if (block.matches()) {
        count(block.group(1).equals("down") ? down : up, Integer.parseInt(block.group(2)), block);
      }
    }
  }

  private void count(List<Integer> layers, int level, Matcher block) {
    while (layers.size() <= level) {
      layers.add(0);
    }
    if (block.group(3).equals("resnets")) {
      layers.set(level, Math.max(layers.get(level), Integer.parseInt(block.group(4)) + 1));
    }
    if (layers == up && block.group(3).equals("attentions")) {
      upAttends.put(level, true);
    }
  }

  /** The old name of a module; null when it has none. */
  public String of(String path) {
    Matcher mid = MID.matcher(path);
    if (mid.matches()) {
      boolean attention = mid.group(1).equals("attentions");
      int place = attention ? 1 : 2 * Integer.parseInt(mid.group(2));
      return "middle_block." + place + "." + inner(attention, mid.group(3));
    }
    Matcher block = BLOCK.matcher(path);
    return block.matches() ? block(block) : TOP.get(path);
  }

  private String block(Matcher m) {
    boolean isDown = m.group(1).equals("down");
    int level = Integer.parseInt(m.group(2));
    int index = Integer.parseInt(m.group(4));
    int first = isDown ? 1 + sum(down, level) + level : sum(up, level);
    return switch (m.group(3)) {
      case "resnets" -> blocks(isDown) + (first + index) + ".0." + inner(false, m.group(5));
      case "attentions" -> blocks(isDown) + (first + index) + ".1." + inner(true, m.group(5));
      case "downsamplers" -> blocks(true) + (first + down.get(level)) + ".0.op";
      default ->
        blocks(false) + (first + up.get(level) - 1) + (upAttends.containsKey(level) ? ".2" : ".1")
            + ".conv";
    };
  }

  private static String blocks(boolean isDown) {
    return isDown ? "input_blocks." : "output_blocks.";
  }

  private static int sum(List<Integer> layers, int until) {
    return layers.stream().limit(until).mapToInt(n -> n).sum();
  }

  private static String inner(boolean attention, String name) {
    return attention ? name : RESNET.getOrDefault(name, name);
  }
}
