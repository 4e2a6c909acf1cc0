package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key names and options of Black Forest Labs' transformers, in their original key format. */
public final class DoubleStreamKeys {
  /** Possible prefixes of the keys. */
  public static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  /** A tensor that all such transformers have. */
  public static final String NORM = "double_blocks.0.img_attn.norm.key_norm.scale";
  /** The head width of every published model. */
  private static final int HEAD_DIM = 128;

  private static final List<Integer> QKV = List.of(1, 1, 1);
  private static final List<Integer> QKV_MLP = List.of(1, 1, 1, 4);

  private DoubleStreamKeys() {}

  /**
   * The options, under diffusers' names, that all such transformers have.
   *
   * @param axes the channels of a head for each position axis
   */
  public static Map<String, Object> config(TensorNames keys, String prefix, List<Integer> axes) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    int head = shapes.size(NORM, 0);
    if (head != HEAD_DIM) {
      throw new InvalidInputException(keys.describe() + ": the number of channels of each"
          + " position axis (axes_dims_rope) is not in the file and is unknown for a transformer of"
          + " head width " + head
          + "; give a diffusers folder; if the file is a component (--part), put its config.json"
          + " beside it");
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

  /** Returns true if the guidance scale is an input. */
  public static boolean isGuided(TensorNames keys, String prefix) {
    return keys.hasModule(prefix + "guidance_in");
  }

  /**
   * Adds the layers of such transformers without modulation: the image and text embedders, the
   * attentions and feed-forwards of the blocks, and the last layer.
   */
  public static void addBlocks(TensorTable table, int layers, int singleLayers) {
    table
        .addLayer("context_embedder", "txt_in")
        .addLayer("x_embedder", "img_in")
        .addLayer("proj_out", "final_layer.linear");
    for (int i = 0; i < layers; i++) {
      addStream(table, "transformer_blocks." + i + ".", "double_blocks." + i + ".", false);
      addStream(table, "transformer_blocks." + i + ".", "double_blocks." + i + ".", true);
    }
    for (int i = 0; i < singleLayers; i++) {
      addSingleBlock(table, "single_transformer_blocks." + i + ".", "single_blocks." + i + ".");
    }
  }

  private static void addStream(TensorTable table, String here, String there, boolean text) {
    String side = there + (text ? "txt_" : "img_");
    String added = text ? "added_" : "";
    String attention = here + "attn.";
    table.addFused(
        side + "attn.qkv",
        text
            ? List.of(attention + "add_q_proj", attention + "add_k_proj", attention + "add_v_proj")
            : List.of(attention + "to_q", attention + "to_k", attention + "to_v"),
        QKV);
    table.addTensor(
        attention + "norm_" + added + "q.weight",
        KeyMapping.Location.whole(side + "attn.norm.query_norm.scale"));
    table.addTensor(
        attention + "norm_" + added + "k.weight",
        KeyMapping.Location.whole(side + "attn.norm.key_norm.scale"));
    table.addLayer(attention + (text ? "to_add_out" : "to_out.0"), side + "attn.proj");
    String ff = here + (text ? "ff_context" : "ff");
    table.addLayer(ff + ".net.0.proj", side + "mlp.0").addLayer(ff + ".net.2", side + "mlp.2");
  }

  private static void addSingleBlock(TensorTable table, String here, String there) {
    table.addFused(
        there + "linear1",
        List.of(here + "attn.to_q", here + "attn.to_k", here + "attn.to_v", here + "proj_mlp"),
        QKV_MLP);
    table.addTensor(
        here + "attn.norm_q.weight", KeyMapping.Location.whole(there + "norm.query_norm.scale"));
    table.addTensor(
        here + "attn.norm_k.weight", KeyMapping.Location.whole(there + "norm.key_norm.scale"));
    table.addLayer(here + "proj_out", there + "linear2");
  }
}
