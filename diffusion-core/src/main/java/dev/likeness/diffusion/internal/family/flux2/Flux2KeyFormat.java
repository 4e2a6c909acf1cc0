package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.family.DoubleStreamKeys;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;
import java.util.Map;

/** Key format of a FLUX.2 transformer in Black Forest Labs' names. */
public final class Flux2KeyFormat {
  /** The channels of a head for each position axis. */
  private static final List<Integer> AXES = List.of(32, 32, 32, 32);

  private Flux2KeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return DoubleStreamKeys.PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + DoubleStreamKeys.NORM)
            && keys.has(prefix + "single_stream_modulation.lin.weight"))
        .findFirst()
        .orElse(null);
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return Flux2Layout.of(shapes.count("double_blocks."), shapes.count("single_blocks."))
        .withPrefix(prefix);
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

  /**
   * FLUX.2's transformer in the names of Black Forest Labs' code.
   *
   * <p>Source: {@code convert_flux2_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
   */
  public static final class Flux2Layout {
    private static final List<Integer> QKV = List.of(1, 1, 1);

    private Flux2Layout() {}

    /**
     * The key mapping of a transformer without a prefix, by the numbers of double and single
     * blocks.
     */
    public static KeyMapping of(int layers, int singleLayers) {
      TensorTable table = new TensorTable();
      for (String embedder : List.of("time", "guidance")) {
        String here = "time_guidance_embed." + (embedder.equals("time") ? "timestep" : embedder)
            + "_embedder.linear_";
        table
            .addLayer(here + 1, embedder + "_in.in_layer")
            .addLayer(here + 2, embedder + "_in.out_layer");
      }
      for (String modulation : List.of(
          "double_stream_modulation_img",
          "double_stream_modulation_txt",
          "single_stream_modulation")) {
        table.addLayer(modulation + ".linear", modulation + ".lin");
      }
      table
          .addLayer("context_embedder", "txt_in")
          .addLayer("x_embedder", "img_in")
          .addLayer("proj_out", "final_layer.linear");
      table.addLayer(
          "norm_out.linear",
          "final_layer.adaLN_modulation.1",
          KeyMapping.Location.Form.HALVES_SWAPPED);
      for (int i = 0; i < layers; i++) {
        addStream(table, "transformer_blocks." + i + ".", "double_blocks." + i + ".img_", "", "ff");
        addStream(
            table,
            "transformer_blocks." + i + ".",
            "double_blocks." + i + ".txt_",
            "added_",
            "ff_context");
      }
      for (int i = 0; i < singleLayers; i++) {
        String here = "single_transformer_blocks." + i + ".attn.";
        String there = "single_blocks." + i + ".";
        table
            .addLayer(here + "to_qkv_mlp_proj", there + "linear1")
            .addLayer(here + "to_out", there + "linear2");
        addNorms(table, here, there + "norm.", "");
      }
      return table;
    }

    private static void addStream(
        TensorTable table, String here, String there, String added, String ff) {
      String attention = here + "attn.";
      table.addFused(
          there + "attn.qkv",
          added.isEmpty()
              ? List.of(attention + "to_q", attention + "to_k", attention + "to_v")
              : List.of(
                  attention + "add_q_proj", attention + "add_k_proj", attention + "add_v_proj"),
          QKV);
      addNorms(table, attention, there + "attn.norm.", added);
      table.addLayer(
          attention + (added.isEmpty() ? "to_out.0" : "to_add_out"), there + "attn.proj");
      table
          .addLayer(here + ff + ".linear_in", there + "mlp.0")
          .addLayer(here + ff + ".linear_out", there + "mlp.2");
    }

    private static void addNorms(TensorTable table, String here, String there, String added) {
      table.addTensor(
          here + "norm_" + added + "q.weight",
          KeyMapping.Location.whole(there + "query_norm.scale"));
      table.addTensor(
          here + "norm_" + added + "k.weight", KeyMapping.Location.whole(there + "key_norm.scale"));
    }
  }
}
