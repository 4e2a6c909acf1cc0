package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key formats of a Z-Image transformer file, in ComfyUI's or diffusers' names. */
public final class ZImageKeyFormat {
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
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
    return PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + MODULATION) && keys.has(prefix + "cap_pad_token"))
        .findFirst()
        .orElse(null);
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    KeyMapping layout = shapes.hasModule("x_embedder")
        ? ZImageLayout.of(shapes.count("layers."), shapes.count("noise_refiner."))
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

  /**
   * Z-Image's transformer in the names of ComfyUI's files: its authors' names, with fused queries,
   * keys and values.
   *
   * <p>Source: {@code convert_z_image_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
   */
  public static final class ZImageLayout {
    private static final List<Integer> QKV = List.of(1, 1, 1);
    private static final List<String> UNCHANGED = List.of(
        "attention_norm1",
        "attention_norm2",
        "ffn_norm1",
        "ffn_norm2",
        "feed_forward.w1",
        "feed_forward.w2",
        "feed_forward.w3",
        "adaLN_modulation.0");

    private ZImageLayout() {}

    /**
     * The key mapping of a transformer without a prefix, by the numbers of joint and refiner
     * blocks.
     */
    public static KeyMapping of(int layers, int refiners) {
      TensorTable table = new TensorTable();
      table
          .addLayer("all_x_embedder.2-1", "x_embedder")
          .addLayer("all_final_layer.2-1.linear", "final_layer.linear");
      table.addLayer("all_final_layer.2-1.adaLN_modulation.1", "final_layer.adaLN_modulation.1");
      for (String same :
          List.of("t_embedder.mlp.0", "t_embedder.mlp.2", "cap_embedder.0", "cap_embedder.1")) {
        table.addLayer(same, same);
      }
      for (String same : List.of("x_pad_token", "cap_pad_token")) {
        table.addTensor(same, KeyMapping.Location.whole(same));
      }
      addBlocks(table, "layers.", layers);
      addBlocks(table, "noise_refiner.", refiners);
      addBlocks(table, "context_refiner.", refiners);
      return table;
    }

    private static void addBlocks(TensorTable table, String list, int count) {
      for (int i = 0; i < count; i++) {
        String block = list + i + ".";
        String attention = block + "attention.";
        table.addFused(
            attention + "qkv",
            List.of(attention + "to_q", attention + "to_k", attention + "to_v"),
            QKV);
        table.addLayer(attention + "to_out.0", attention + "out");
        table.addTensor(
            attention + "norm_q.weight", KeyMapping.Location.whole(attention + "q_norm.weight"));
        table.addTensor(
            attention + "norm_k.weight", KeyMapping.Location.whole(attention + "k_norm.weight"));
        UNCHANGED.forEach(same -> table.addLayer(block + same, block + same));
      }
    }
  }
}
