package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.LayerNames.Part;
import dev.likeness.diffusion.internal.family.LayerNames.Row;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** Layer names and options of Black Forest Labs' transformers, in their original key format. */
public final class DoubleStreamKeys {
  /** The list of double-stream blocks. */
  public static final String DOUBLE_BLOCKS = "double_blocks.";
  /** The list of single-stream blocks. */
  public static final String SINGLE_BLOCKS = "single_blocks.";

  /** A tensor that all such transformers have. */
  public static final String NORM = "double_blocks.0.img_attn.norm.key_norm.scale";
  /** The head width of every published model. */
  private static final int HEAD_DIM = 128;

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
    config.put("num_layers", shapes.count(DOUBLE_BLOCKS));
    config.put("num_single_layers", shapes.count(SINGLE_BLOCKS));
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

  /** The numbers of blocks of a transformer's two lists, by the name of the list. */
  public static ToIntFunction<String> counts(int doubles, int singles) {
    return list -> list.equals(DOUBLE_BLOCKS) ? doubles : singles;
  }

  /** Layers outside of blocks, which all such transformers have. */
  public static List<Row> outer() {
    return List.of(
        Row.layer("txt_in", "context_embedder"),
        Row.layer("img_in", "x_embedder"),
        Row.layer("final_layer.linear", "proj_out"));
  }

  /**
   * The two streams of a double-stream block, without modulation.
   *
   * @param first the feed-forward's first layer in diffusers
   * @param second the feed-forward's second layer in diffusers
   */
  public static List<Row> streams(String first, String second) {
    return List.of(
        Row.fused("img_attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
        Row.scaledNorm("img_attn.norm.query_norm", "attn.norm_q"),
        Row.scaledNorm("img_attn.norm.key_norm", "attn.norm_k"),
        Row.layer("img_attn.proj", "attn.to_out.0"),
        Row.layer("img_mlp.0", "ff" + first),
        Row.layer("img_mlp.2", "ff" + second),
        Row.fused("txt_attn.qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
        Row.scaledNorm("txt_attn.norm.query_norm", "attn.norm_added_q"),
        Row.scaledNorm("txt_attn.norm.key_norm", "attn.norm_added_k"),
        Row.layer("txt_attn.proj", "attn.to_add_out"),
        Row.layer("txt_mlp.0", "ff_context" + first),
        Row.layer("txt_mlp.2", "ff_context" + second));
  }

  /** The blocks of FLUX.1's shape, without modulation. */
  public static List<Row> doubleBlock() {
    return streams(".net.0.proj", ".net.2");
  }

  /** A single-stream block of FLUX.1's shape, whose MLP is four times as wide as its queries. */
  public static List<Row> singleBlock() {
    return List.of(
        Row.fused(
            "linear1",
            List.of(
                new Part("attn.to_q", 1),
                new Part("attn.to_k", 1),
                new Part("attn.to_v", 1),
                new Part("proj_mlp", 4))),
        Row.inLoraFiles("qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
        Row.scaledNorm("norm.query_norm", "attn.norm_q"),
        Row.scaledNorm("norm.key_norm", "attn.norm_k"),
        Row.layer("linear2", "proj_out"),
        Row.inLoraFiles("proj", "proj_out"));
  }

  /** An embedder of two layers. */
  public static List<Row> embedder(String original, String diffusers) {
    return List.of(
        Row.layer(original + ".in_layer", diffusers + ".linear_1"),
        Row.layer(original + ".out_layer", diffusers + ".linear_2"));
  }

  /** Joins lists of rows. */
  @SafeVarargs
  public static List<Row> join(List<Row>... rows) {
    return Stream.of(rows).flatMap(List::stream).toList();
  }
}
