package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Numbered;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What the names and shapes of a Stable Diffusion 3 transformer in Stability's spelling tell of it.
 */
public final class Sd3KeyFormat {
  private static final List<String> PREFIXES =
      List.of("model.diffusion_model.", "diffusion_model.", "");
  /** The width of a head of every published model. */
  private static final int HEAD = 64;

  private static final int LATENTS = 128;

  private Sd3KeyFormat() {}

  /** What every name of the transformer begins with; null when there is none. */
  public static String prefix(TensorNames keys) {
    return PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + "joint_blocks.0.x_block.attn.qkv.weight")
            && keys.has(prefix + "x_embedder.proj.weight"))
        .findFirst()
        .orElse(null);
  }

  /** Where the transformer below {@code prefix} lies. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    return Sd3Layout.of(Numbered.count(keys, prefix + "joint_blocks.")).under(prefix);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    int layers = shapes.count("joint_blocks.");
    int width = shapes.size("x_embedder.proj.weight", 0);
    int patch = shapes.size("x_embedder.proj.weight", 2);
    boolean normed = shapes.has("joint_blocks.0.x_block.attn.ln_q.weight");
    int head = normed ? shapes.size("joint_blocks.0.x_block.attn.ln_q.weight", 0) : HEAD;
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
            .filter(i -> shapes.has("joint_blocks." + i + ".x_block.attn2.qkv.weight"))
            .boxed()
            .toList());
    config.put("qk_norm", normed ? "rms_norm" : null);
    return config;
  }
}
