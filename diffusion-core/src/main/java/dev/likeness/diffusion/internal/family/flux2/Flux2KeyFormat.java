package dev.likeness.diffusion.internal.family.flux2;

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
 * Key format of a FLUX.2 transformer in Black Forest Labs' names.
 *
 * <p>Source: {@code convert_flux2_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
 */
public final class Flux2KeyFormat {
  static final LayerNames NAMES = new LayerNames(
      DoubleStreamKeys.join(
          DoubleStreamKeys.outer(),
          DoubleStreamKeys.embedder("time_in", "time_guidance_embed.timestep_embedder"),
          DoubleStreamKeys.embedder("guidance_in", "time_guidance_embed.guidance_embedder"),
          List.of(
              Row.layer("double_stream_modulation_img.lin", "double_stream_modulation_img.linear"),
              Row.layer("double_stream_modulation_txt.lin", "double_stream_modulation_txt.linear"),
              Row.layer("single_stream_modulation.lin", "single_stream_modulation.linear"),
              Row.layer("final_layer.adaLN_modulation.1", "norm_out.linear").swapped())),
      List.of(
          new BlockList(
              DoubleStreamKeys.DOUBLE_BLOCKS,
              "transformer_blocks.",
              DoubleStreamKeys.streams(".linear_in", ".linear_out")),
          new BlockList(
              DoubleStreamKeys.SINGLE_BLOCKS,
              "single_transformer_blocks.",
              List.of(
                  Row.layer("linear1", "attn.to_qkv_mlp_proj"),
                  Row.layer("linear2", "attn.to_out"),
                  Row.scaledNorm("norm.query_norm", "attn.norm_q"),
                  Row.scaledNorm("norm.key_norm", "attn.norm_k")))));

  /** The channels of a head for each position axis. */
  private static final List<Integer> AXES = List.of(32, 32, 32, 32);

  private Flux2KeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return NetworkPrefix.of(keys, DoubleStreamKeys.NORM, "single_stream_modulation.lin.weight");
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
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    Map<String, Object> config = DoubleStreamKeys.config(keys, prefix, AXES);
    config.put("timestep_guidance_channels", shapes.size("time_in.in_layer.weight", 1));
    config.put(
        "mlp_ratio",
        shapes.size("double_blocks.0.img_mlp.2.weight", 1)
            / (double) shapes.size("img_in.weight", 0));
    config.put("rope_theta", 2000);
    config.put("eps", 1e-6);
    return config;
  }
}
