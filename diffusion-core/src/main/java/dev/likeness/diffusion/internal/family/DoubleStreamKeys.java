package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What names and shapes tell of transformers of Black Forest Labs' making, under their own names.
 */
public final class DoubleStreamKeys {
  /** What names may begin with. */
  public static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  /** A tensor that all such transformers have. */
  public static final String NORM = "double_blocks.0.img_attn.norm.key_norm.scale";
  /** The width of a head of every published model. */
  private static final int HEAD = 128;

  private DoubleStreamKeys() {}

  /**
   * The options under diffusers' names that all such transformers tell alike.
   *
   * @param axes how the channels of a head are shared among the position axes
   */
  public static Map<String, Object> config(TensorNames keys, String prefix, List<Integer> axes) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    int head = shapes.size(NORM, 0);
    if (head != HEAD) {
      throw new InvalidInputException(
          keys.describe() + ": a transformer with heads " + head
              + " wide has an unknown share of them"
              + " for each position axis, which the file does not tell; give a diffusers folder, or its config");
    }
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("patch_size", 1);
    config.put("in_channels", shapes.size("img_in.weight", 1));
    config.put("out_channels", shapes.size("final_layer.linear.weight", 0));
    config.put("num_layers", shapes.count("double_blocks."));
    config.put("num_single_layers", shapes.count("single_blocks."));
    config.put("attention_head_dim", head);
    config.put("num_attention_heads", shapes.size("img_in.weight", 0) / head);
    config.put("joint_attention_dim", shapes.size("txt_in.weight", 1));
    config.put("guidance_embeds", isGuided(keys, prefix));
    config.put("axes_dims_rope", axes);
    return config;
  }

  /** Whether the guidance scale is an input. */
  public static boolean isGuided(TensorNames keys, String prefix) {
    return keys.has(prefix + "guidance_in.in_layer.weight");
  }
}
