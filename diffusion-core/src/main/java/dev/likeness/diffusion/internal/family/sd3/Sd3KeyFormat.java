package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LayerNames.BlockList;
import dev.likeness.diffusion.internal.family.LayerNames.Row;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Key format of a Stable Diffusion 3 transformer in Stability AI's names.
 *
 * <p>Source: {@code mmditx.py} of Stability-AI/sd3.5.
 */
public final class Sd3KeyFormat {
  private static final String BLOCKS = "joint_blocks.";

  static final LayerNames NAMES = new LayerNames(
      List.of(
          Row.tensor("pos_embed", "pos_embed.pos_embed"),
          Row.layer("x_embedder.proj", "pos_embed.proj"),
          Row.same("context_embedder"),
          Row.layer("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1"),
          Row.layer("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"),
          Row.layer("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
          Row.layer("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2"),
          Row.layer("final_layer.linear", "proj_out"),
          Row.layer("final_layer.adaLN_modulation.1", "norm_out.linear").swapped()),
      List.of(new BlockList(
          BLOCKS,
          "transformer_blocks.",
          List.of(
              Row.layer("x_block.adaLN_modulation.1", "norm1.linear"),
              Row.layer("context_block.adaLN_modulation.1", "norm1_context.linear")
                  .swappedInLastBlock(),
              Row.fused("x_block.attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
              Row.norm("x_block.attn.ln_q", "attn.norm_q"),
              Row.norm("x_block.attn.ln_k", "attn.norm_k"),
              Row.layer("x_block.attn.proj", "attn.to_out.0"),
              Row.fused("x_block.attn2.qkv", "attn2.to_q", "attn2.to_k", "attn2.to_v"),
              Row.norm("x_block.attn2.ln_q", "attn2.norm_q"),
              Row.norm("x_block.attn2.ln_k", "attn2.norm_k"),
              Row.layer("x_block.attn2.proj", "attn2.to_out.0"),
              Row.fused(
                  "context_block.attn.qkv",
                  "attn.add_q_proj",
                  "attn.add_k_proj",
                  "attn.add_v_proj"),
              Row.norm("context_block.attn.ln_q", "attn.norm_added_q"),
              Row.norm("context_block.attn.ln_k", "attn.norm_added_k"),
              Row.layer("context_block.attn.proj", "attn.to_add_out"),
              Row.layer("x_block.mlp.fc1", "ff.net.0.proj"),
              Row.layer("x_block.mlp.fc2", "ff.net.2"),
              Row.layer("context_block.mlp.fc1", "ff_context.net.0.proj"),
              Row.layer("context_block.mlp.fc2", "ff_context.net.2")))));

  /** The head width of every published model. */
  private static final int HEAD_DIM = 64;

  private static final int LATENTS = 128;

  private Sd3KeyFormat() {}

  /** The prefix of the transformer's keys; null if the file has no transformer. */
  public static String prefix(TensorNames keys) {
    return NetworkPrefix.of(
        keys, "joint_blocks.0.x_block.attn.qkv.weight", "x_embedder.proj.weight");
  }

  /** The key mapping of the transformer below {@code prefix}. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    return layout(ShapeReader.Numbered.count(keys, prefix + BLOCKS)).withPrefix(prefix);
  }

  /** The key mapping without a prefix, by the number of blocks. */
  public static KeyMapping layout(int blocks) {
    return NAMES.keyMapping(list -> blocks);
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
}
