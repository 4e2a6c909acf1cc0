package dev.likeness.diffusion.internal.family.flux;

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
 * Key format of a FLUX.1 transformer in Black Forest Labs' names.
 *
 * <p>Source: {@code src/flux/model.py} and {@code src/flux/modules/layers.py} of
 * black-forest-labs/flux.
 */
public final class FluxKeyFormat {
  static final LayerNames NAMES = new LayerNames(
      DoubleStreamKeys.join(
          DoubleStreamKeys.outer(),
          DoubleStreamKeys.embedder("time_in", "time_text_embed.timestep_embedder"),
          DoubleStreamKeys.embedder("vector_in", "time_text_embed.text_embedder"),
          DoubleStreamKeys.embedder("guidance_in", "time_text_embed.guidance_embedder"),
          List.of(
              Row.layer("final_layer.adaLN_modulation.1", "norm_out.linear").swapped(),
              // OneTrainer's name.
              Row.inLoraFiles("img_in.proj", "x_embedder"))),
      List.of(
          new BlockList(
              DoubleStreamKeys.DOUBLE_BLOCKS,
              "transformer_blocks.",
              DoubleStreamKeys.join(
                  DoubleStreamKeys.doubleBlock(),
                  List.of(
                      Row.layer("img_mod.lin", "norm1.linear"),
                      Row.layer("txt_mod.lin", "norm1_context.linear")))),
          new BlockList(
              DoubleStreamKeys.SINGLE_BLOCKS,
              "single_transformer_blocks.",
              DoubleStreamKeys.join(
                  DoubleStreamKeys.singleBlock(),
                  List.of(Row.layer("modulation.lin", "norm.linear"))))));

  /** The channels of a head for each position axis. */
  private static final List<Integer> AXES = List.of(16, 56, 56);

  private FluxKeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return NetworkPrefix.of(
        keys, DoubleStreamKeys.NORM, "img_in.weight", "vector_in.in_layer.weight");
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    return NAMES.keyMapping(keys, prefix);
  }

  /** The key mapping without a prefix, by the numbers of double and single blocks. */
  public static KeyMapping layout(int doubles, int singles) {
    return NAMES.keyMapping(DoubleStreamKeys.counts(doubles, singles));
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    Map<String, Object> config = DoubleStreamKeys.config(keys, prefix, AXES);
    config.put(
        "pooled_projection_dim",
        new ShapeReader(keys, prefix, "transformer").size("vector_in.in_layer.weight", 1));
    return config;
  }
}
