package dev.likeness.lora;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that the makers of FLUX.1 and Stable Diffusion 3 give their transformers' layers, as diffusers names them.
 * Layers that are one there are several here: queries, keys and values lie below one another in one matrix.
 */
final class JointNames {
  /** Layers of diffusers that one of the makers' is made of, from the first row down. */
  record Split(List<String> paths, boolean halvesSwapped) { }

  private static final Pattern BLOCK = Pattern.compile("(double|single|joint)_blocks_(\\d+)_(.+)");
  private static final Pattern SLICE = Pattern.compile("(.+_qkv|linear1)_(\\d)");
  private static final Map<String, List<String>> DOUBLE = new LinkedHashMap<>();
  private static final Map<String, List<String>> SINGLE = new LinkedHashMap<>();
  private static final Map<String, List<String>> JOINT = new LinkedHashMap<>();
  private static final Map<String, List<String>> TOP = new LinkedHashMap<>();

  static {
    stream(DOUBLE, "img_", "attn_", List.of("attn.to_q", "attn.to_k", "attn.to_v"), "attn.to_out.0", "ff", "norm1");
    stream(DOUBLE, "txt_", "attn_", List.of("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
        "attn.to_add_out", "ff_context", "norm1_context");
    DOUBLE.put("img_attn_norm_query_norm", List.of("attn.norm_q"));
    DOUBLE.put("img_attn_norm_key_norm", List.of("attn.norm_k"));
    DOUBLE.put("txt_attn_norm_query_norm", List.of("attn.norm_added_q"));
    DOUBLE.put("txt_attn_norm_key_norm", List.of("attn.norm_added_k"));
    SINGLE.put("linear1", List.of("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
    SINGLE.put("qkv", List.of("attn.to_q", "attn.to_k", "attn.to_v"));
    SINGLE.put("linear2", List.of("proj_out"));
    SINGLE.put("proj", List.of("proj_out"));
    SINGLE.put("modulation_lin", List.of("norm.linear"));
    SINGLE.put("norm_query_norm", List.of("attn.norm_q"));
    SINGLE.put("norm_key_norm", List.of("attn.norm_k"));
    stream(JOINT, "x_block_", "attn_", List.of("attn.to_q", "attn.to_k", "attn.to_v"), "attn.to_out.0", "ff", "norm1");
    stream(JOINT, "x_block_", "attn2_", List.of("attn2.to_q", "attn2.to_k", "attn2.to_v"), "attn2.to_out.0", "ff",
        "norm1");
    stream(JOINT, "context_block_", "attn_", List.of("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
        "attn.to_add_out", "ff_context", "norm1_context");
    TOP.put("img_in", List.of("x_embedder"));
    TOP.put("txt_in", List.of("context_embedder"));
    TOP.put("context_embedder", List.of("context_embedder"));
    embedder("time_in_in_layer", "time_in_out_layer", "timestep_embedder");
    embedder("vector_in_in_layer", "vector_in_out_layer", "text_embedder");
    embedder("guidance_in_in_layer", "guidance_in_out_layer", "guidance_embedder");
    embedder("t_embedder_mlp_0", "t_embedder_mlp_2", "timestep_embedder");
    embedder("y_embedder_mlp_0", "y_embedder_mlp_2", "text_embedder");
    TOP.put("final_layer_linear", List.of("proj_out"));
    TOP.put("final_layer_adaLN_modulation_1", List.of("norm_out.linear"));
  }

  private JointNames() {}

  private static void stream(Map<String, List<String>> names, String side, String attention, List<String> qkv,
      String out, String feedForward, String norm) {
    names.put(side + attention + "qkv", qkv);
    names.put(side + attention + "proj", List.of(out));
    for (String first : List.of("mlp_0", "mlp_fc1")) {
      names.put(side + first, List.of(feedForward + ".net.0.proj"));
    }
    for (String second : List.of("mlp_2", "mlp_fc2")) {
      names.put(side + second, List.of(feedForward + ".net.2"));
    }
    names.put(side + "mod_lin", List.of(norm + ".linear"));
    names.put(side + "adaLN_modulation_1", List.of(norm + ".linear"));
  }

  private static void embedder(String first, String second, String name) {
    TOP.put(first, List.of("time_text_embed." + name + ".linear_1"));
    TOP.put(second, List.of("time_text_embed." + name + ".linear_2"));
  }

  /** What a maker's layer is in diffusers; empty when it has another name. Dots may be underscores. */
  static Optional<Split> of(String path) {
    String flat = path.replace('.', '_');
    Matcher block = BLOCK.matcher(flat);
    if (!block.matches()) {
      boolean swapped = flat.equals("final_layer_adaLN_modulation_1");
      return Optional.ofNullable(TOP.get(flat)).map(paths -> new Split(paths, swapped));
    }
    Map<String, List<String>> names = switch (block.group(1)) {
      case "double" -> DOUBLE;
      case "single" -> SINGLE;
      default -> JOINT;
    };
    String list = block.group(1).equals("single") ? "single_transformer_blocks." : "transformer_blocks.";
    return inner(names, block.group(3)).map(paths ->
        new Split(paths.stream().map(name -> list + block.group(2) + "." + name).toList(), false));
  }

  private static Optional<List<String>> inner(Map<String, List<String>> names, String layer) {
    Matcher slice = SLICE.matcher(layer);
    if (slice.matches() && names.containsKey(slice.group(1))) {
      List<String> parts = names.get(slice.group(1));
      int at = Integer.parseInt(slice.group(2));
      return at < parts.size() ? Optional.of(List.of(parts.get(at))) : Optional.empty();
    }
    return Optional.ofNullable(names.get(layer));
  }
}
