package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LayerNames.BlockList;
import dev.likeness.diffusion.internal.family.LayerNames.Row;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Key formats of a Z-Image transformer file, in diffusers' names or those of ComfyUI's files: its
 * authors' names, with fused queries, keys and values.
 *
 * <p>Source: {@code convert_z_image_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
 */
public final class ZImageKeyFormat {
  private static final List<Row> BLOCK = List.of(
      Row.fused("attention.qkv", "attention.to_q", "attention.to_k", "attention.to_v"),
      Row.layer("attention.out", "attention.to_out.0"),
      Row.norm("attention.q_norm", "attention.norm_q"),
      Row.norm("attention.k_norm", "attention.norm_k"),
      Row.same("attention_norm1"),
      Row.same("attention_norm2"),
      Row.same("ffn_norm1"),
      Row.same("ffn_norm2"),
      Row.same("feed_forward.w1"),
      Row.same("feed_forward.w2"),
      Row.same("feed_forward.w3"),
      Row.same("adaLN_modulation.0"));

  static final LayerNames NAMES = new LayerNames(
      List.of(
          Row.layer("x_embedder", "all_x_embedder.2-1"),
          Row.layer("final_layer.linear", "all_final_layer.2-1.linear"),
          Row.layer("final_layer.adaLN_modulation.1", "all_final_layer.2-1.adaLN_modulation.1"),
          Row.same("t_embedder.mlp.0"),
          Row.same("t_embedder.mlp.2"),
          Row.same("cap_embedder.0"),
          Row.same("cap_embedder.1"),
          Row.tensor("x_pad_token", "x_pad_token"),
          Row.tensor("cap_pad_token", "cap_pad_token")),
      Stream.of("layers.", "noise_refiner.", "context_refiner.")
          .map(list -> new BlockList(list, list, BLOCK))
          .toList(),
      true);

  private static final String MODULATION = "layers.0.adaLN_modulation.0.weight";
  private static final int PATCH = 4;
  /**
   * The head width of every published model, its channels for each position axis, and the lengths
   * of the axes.
   */
  private static final int HEAD_DIM = 128;

  private static final List<Integer> AXES = List.of(32, 48, 48);
  private static final List<Integer> LENGTHS = List.of(1536, 512, 512);

  private ZImageKeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return NetworkPrefix.of(keys, MODULATION, "cap_pad_token");
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    KeyMapping layout = shapes.hasModule("x_embedder")
        ? layout(shapes.count("layers."), shapes.count("noise_refiner."))
        : new KeyMapping.SameNames(List.of(
            "all_x_embedder.",
            "all_final_layer.",
            "t_embedder.",
            "cap_embedder.",
            "x_pad_token",
            "cap_pad_token",
            "layers.",
            "noise_refiner.",
            "context_refiner."));
    return layout.withPrefix(prefix);
  }

  /** The key mapping without a prefix, by the numbers of joint blocks and of each refiner's. */
  public static KeyMapping layout(int layers, int refiners) {
    return NAMES.keyMapping(list -> list.equals("layers.") ? layers : refiners);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    ShapeReader shapes =
        new ShapeReader(new CanonicalTensors(keys, layout(keys, prefix)), "", "transformer");
    int head = shapes.size("layers.0.attention.norm_q.weight", 0);
    if (head != HEAD_DIM) {
      throw new InvalidInputException(keys.describe() + ": the number of channels of each"
          + " position axis (axes_dims) is not in the file and is unknown for a transformer of head"
          + " width " + head
          + "; give a diffusers folder; if the file is a component (--part), put its config.json"
          + " beside it");
    }
    int width = shapes.size("all_x_embedder.2-1.weight", 0);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("all_patch_size", List.of(2));
    config.put("all_f_patch_size", List.of(1));
    config.put("in_channels", shapes.size("all_x_embedder.2-1.weight", 1) / PATCH);
    config.put("dim", width);
    config.put("n_layers", shapes.count("layers."));
    config.put("n_refiner_layers", shapes.count("noise_refiner."));
    config.put("n_heads", width / head);
    config.put("n_kv_heads", width / head);
    config.put("norm_eps", 1e-5);
    config.put("qk_norm", true);
    config.put("cap_feat_dim", shapes.size("cap_embedder.1.weight", 1));
    config.put("rope_theta", 256.0);
    config.put("t_scale", 1000.0);
    config.put("axes_dims", AXES);
    config.put("axes_lens", LENGTHS);
    return config;
  }
}
