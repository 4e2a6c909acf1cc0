package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.DoubleStreamKeys;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;
import java.util.Map;

/** Key format of a FLUX.1 transformer in Black Forest Labs' names. */
public final class FluxKeyFormat {
  /** The channels of a head for each position axis. */
  private static final List<Integer> AXES = List.of(16, 56, 56);

  private FluxKeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return DoubleStreamKeys.PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + DoubleStreamKeys.NORM)
            && keys.has(prefix + "img_in.weight")
            && keys.has(prefix + "vector_in.in_layer.weight"))
        .findFirst()
        .orElse(null);
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return FluxLayout.of(shapes.count("double_blocks."), shapes.count("single_blocks."))
        .withPrefix(prefix);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    Map<String, Object> config = DoubleStreamKeys.config(keys, prefix, AXES);
    config.put(
        "pooled_projection_dim",
        new ShapeReader(keys, prefix, "transformer").size("vector_in.in_layer.weight", 1));
    return config;
  }

  /**
   * Returns true if the guidance scale is an input: for dev and similar models, not for schnell.
   */
  public static boolean isGuided(TensorNames keys, String prefix) {
    return DoubleStreamKeys.isGuided(keys, prefix);
  }

  /**
   * FLUX.1's transformer in the names of Black Forest Labs' code.
   *
   * <p>Source: {@code src/flux/model.py} and {@code src/flux/modules/layers.py} of
   * black-forest-labs/flux.
   */
  public static final class FluxLayout {
    private FluxLayout() {}

    /**
     * The key mapping of a transformer without a prefix, by the numbers of double and single
     * blocks.
     */
    public static KeyMapping of(int layers, int singleLayers) {
      TensorTable table = new TensorTable();
      addEmbedder(table, "timestep_embedder", "time_in");
      addEmbedder(table, "text_embedder", "vector_in");
      addEmbedder(table, "guidance_embedder", "guidance_in");
      table.addLayer(
          "norm_out.linear",
          "final_layer.adaLN_modulation.1",
          KeyMapping.Location.Form.HALVES_SWAPPED);
      DoubleStreamKeys.addBlocks(table, layers, singleLayers);
      for (int i = 0; i < layers; i++) {
        table
            .addLayer(
                "transformer_blocks." + i + ".norm1.linear", "double_blocks." + i + ".img_mod.lin")
            .addLayer(
                "transformer_blocks." + i + ".norm1_context.linear",
                "double_blocks." + i + ".txt_mod.lin");
      }
      for (int i = 0; i < singleLayers; i++) {
        table.addLayer(
            "single_transformer_blocks." + i + ".norm.linear",
            "single_blocks." + i + ".modulation.lin");
      }
      return table;
    }

    private static void addEmbedder(TensorTable table, String canonical, String foreign) {
      table.addLayer("time_text_embed." + canonical + ".linear_1", foreign + ".in_layer");
      table.addLayer("time_text_embed." + canonical + ".linear_2", foreign + ".out_layer");
    }
  }
}
