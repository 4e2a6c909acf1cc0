package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Key format of a Stable Diffusion 3 transformer in Stability AI's names. */
public final class Sd3KeyFormat {
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  /** The head width of every published model. */
  private static final int HEAD_DIM = 64;

  private static final int LATENTS = 128;

  private Sd3KeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + "joint_blocks.0.x_block.attn.qkv.weight")
            && keys.has(prefix + "x_embedder.proj.weight"))
        .findFirst()
        .orElse(null);
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    return Sd3Layout.of(ShapeReader.Numbered.count(keys, prefix + "joint_blocks."))
        .withPrefix(prefix);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    int layers = shapes.count("joint_blocks.");
    int width = shapes.size("x_embedder.proj.weight", 0);
    int patch = shapes.size("x_embedder.proj.weight", 2);
    boolean normed = keys.names().stream().anyMatch(name -> name.contains(".attn.ln_"));
    int head = normed ? shapes.size("joint_blocks.0.x_block.attn.ln_q.weight", 0) : HEAD_DIM;
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("sample_size", LATENTS);
    config.put("patch_size", patch);
    config.put("in_channels", shapes.size("x_embedder.proj.weight", 1));
    config.put("out_channels", shapes.size("final_layer.linear.weight", 0) / (patch * patch));
    config.put("num_layers", layers);
    config.put("attention_head_dim", head);
    config.put("num_attention_heads", width / head);
    config.put("joint_attention_dim", shapes.size("context_embedder.weight", 1));
    config.put("caption_projection_dim", width);
    config.put("pooled_projection_dim", shapes.size("y_embedder.mlp.0.weight", 1));
    config.put("pos_embed_max_size", (int) Math.round(Math.sqrt(shapes.size("pos_embed", 1))));
    config.put(
        "dual_attention_layers",
        IntStream.range(0, layers)
            .filter(i -> shapes.hasModule("joint_blocks." + i + ".x_block.attn2"))
            .boxed()
            .toList());
    config.put("qk_norm", normed ? "rms_norm" : null);
    return config;
  }

  /**
   * Stable Diffusion 3's transformer in the names of Stability AI's code.
   *
   * <p>Source: {@code mmditx.py} of Stability-AI/sd3.5.
   */
  public static final class Sd3Layout {
    private static final List<Integer> QKV = List.of(1, 1, 1);

    private Sd3Layout() {}

    /** The key mapping of a transformer without a prefix, by its number of blocks. */
    public static KeyMapping of(int layers) {
      TensorTable table = new TensorTable();
      table.addTensor("pos_embed.pos_embed", KeyMapping.Location.whole("pos_embed"));
      table
          .addLayer("pos_embed.proj", "x_embedder.proj")
          .addLayer("context_embedder", "context_embedder");
      addEmbedder(table, "timestep_embedder", "t_embedder");
      addEmbedder(table, "text_embedder", "y_embedder");
      table.addLayer("proj_out", "final_layer.linear");
      table.addLayer(
          "norm_out.linear",
          "final_layer.adaLN_modulation.1",
          KeyMapping.Location.Form.HALVES_SWAPPED);
      for (int i = 0; i < layers; i++) {
        addBlock(
            table, "transformer_blocks." + i + ".", "joint_blocks." + i + ".", i == layers - 1);
      }
      return table;
    }

    private static void addEmbedder(TensorTable table, String canonical, String foreign) {
      table.addLayer("time_text_embed." + canonical + ".linear_1", foreign + ".mlp.0");
      table.addLayer("time_text_embed." + canonical + ".linear_2", foreign + ".mlp.2");
    }

    private static void addBlock(TensorTable table, String here, String there, boolean last) {
      String image = there + "x_block.";
      String text = there + "context_block.";
      table.addLayer(here + "norm1.linear", image + "adaLN_modulation.1");
      table.addLayer(
          here + "norm1_context.linear",
          text + "adaLN_modulation.1",
          last ? KeyMapping.Location.Form.HALVES_SWAPPED : KeyMapping.Location.Form.AS_STORED);
      addAttention(table, here + "attn.", image + "attn.");
      addAttention(table, here + "attn2.", image + "attn2.");
      table.addFused(
          text + "attn.qkv",
          List.of(here + "attn.add_q_proj", here + "attn.add_k_proj", here + "attn.add_v_proj"),
          QKV);
      table.addTensor(
          here + "attn.norm_added_q.weight", KeyMapping.Location.whole(text + "attn.ln_q.weight"));
      table.addTensor(
          here + "attn.norm_added_k.weight", KeyMapping.Location.whole(text + "attn.ln_k.weight"));
      table.addLayer(here + "attn.to_add_out", text + "attn.proj");
      table
          .addLayer(here + "ff.net.0.proj", image + "mlp.fc1")
          .addLayer(here + "ff.net.2", image + "mlp.fc2");
      table
          .addLayer(here + "ff_context.net.0.proj", text + "mlp.fc1")
          .addLayer(here + "ff_context.net.2", text + "mlp.fc2");
    }

    private static void addAttention(TensorTable table, String here, String there) {
      table.addFused(there + "qkv", List.of(here + "to_q", here + "to_k", here + "to_v"), QKV);
      table.addTensor(here + "norm_q.weight", KeyMapping.Location.whole(there + "ln_q.weight"));
      table.addTensor(here + "norm_k.weight", KeyMapping.Location.whole(there + "ln_k.weight"));
      table.addLayer(here + "to_out.0", there + "proj");
    }
  }
}
