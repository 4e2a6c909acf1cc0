package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the names and shapes of a FLUX.1 transformer in Black Forest Labs' spelling tell of it. */
public final class FluxKeyFormat {
  public static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  public static final String NORM = "double_blocks.0.img_attn.norm.key_norm.scale";

  /**
   * The width of a head of every published model, and how its channels are shared among the
   * position axes.
   */
  private static final int HEAD = 128;

  private static final List<Integer> AXES = List.of(16, 56, 56);

  private FluxKeyFormat() {}

  /** What every name of the transformer begins with; null when there is none. */
  public static String prefix(TensorNames keys) {
    return PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + NORM)
            && keys.has(prefix + "img_in.weight")
            && keys.has(prefix + "vector_in.in_layer.weight"))
        .findFirst()
        .orElse(null);
  }

  /** Where the transformer below {@code prefix} lies. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return FluxLayout.of(shapes.count("double_blocks."), shapes.count("single_blocks."))
        .under(prefix);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    Map<String, Object> config = common(keys, prefix, AXES);
    config.put(
        "pooled_projection_dim",
        new ShapeReader(keys, prefix, "transformer").size("vector_in.in_layer.weight", 1));
    return config;
  }

  /** The options that FLUX.1 and FLUX.2 tell alike. */
  public static Map<String, Object> common(TensorNames keys, String prefix, List<Integer> axes) {
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

  /** Whether the guidance scale is an input: dev and its kin, not schnell. */
  public static boolean isGuided(TensorNames keys, String prefix) {
    return keys.has(prefix + "guidance_in.in_layer.weight");
  }
}
