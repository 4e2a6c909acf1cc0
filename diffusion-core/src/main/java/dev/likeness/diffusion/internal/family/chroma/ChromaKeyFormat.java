package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.family.DoubleStreamKeys;
import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LayerNames.BlockList;
import dev.likeness.diffusion.internal.family.LayerNames.Row;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/**
 * Chroma's transformer as published in {@code Chroma1-HD.safetensors}: FLUX.1's own names, and an
 * approximator in place of the modulation layers.
 *
 * <p>Source: {@code convert_chroma_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
 */
public final class ChromaKeyFormat {
  private static final List<Integer> AXES = List.of(16, 56, 56);
  private static final String APPROXIMATOR = "distilled_guidance_layer.";
  private static final String LAYERS = APPROXIMATOR + "layers.";
  private static final String NORMS = APPROXIMATOR + "norms.";

  static final LayerNames NAMES = new LayerNames(
      DoubleStreamKeys.join(
          DoubleStreamKeys.outer(),
          List.of(Row.same(APPROXIMATOR + "in_proj"), Row.same(APPROXIMATOR + "out_proj"))),
      List.of(
          new BlockList(
              DoubleStreamKeys.DOUBLE_BLOCKS,
              "transformer_blocks.",
              DoubleStreamKeys.doubleBlock()),
          new BlockList(
              DoubleStreamKeys.SINGLE_BLOCKS,
              "single_transformer_blocks.",
              DoubleStreamKeys.singleBlock()),
          new BlockList(
              LAYERS,
              LAYERS,
              List.of(Row.layer("in_layer", "linear_1"), Row.layer("out_layer", "linear_2"))),
          new BlockList(NORMS, NORMS, List.of(Row.tensor("scale", "weight")))));

  private ChromaKeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return NetworkPrefix.of(
        keys, DoubleStreamKeys.NORM, "img_in.weight", APPROXIMATOR + "in_proj.weight");
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return NAMES
        .keyMapping(list -> shapes.count(list.equals(NORMS) ? LAYERS : list))
        .withPrefix(prefix);
  }

  /**
   * The key mapping of a transformer, without a prefix, by the numbers of double blocks, single
   * blocks and approximator layers.
   */
  public static KeyMapping layout(int doubles, int singles, int layers) {
    return NAMES.keyMapping(list -> list.startsWith(APPROXIMATOR)
        ? layers
        : DoubleStreamKeys.counts(doubles, singles).applyAsInt(list));
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    Map<String, Object> config = DoubleStreamKeys.config(keys, prefix, AXES);
    config.remove("guidance_embeds");
    config.put("approximator_num_channels", shapes.size(APPROXIMATOR + "in_proj.weight", 1));
    config.put("approximator_hidden_dim", shapes.size(APPROXIMATOR + "in_proj.weight", 0));
    config.put("approximator_layers", shapes.count(LAYERS));
    return config;
  }
}
