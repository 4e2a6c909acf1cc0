package dev.likeness.lora;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that a transformer's makers give its layers, as diffusers names them. Layers that are one there are several
 * here: queries, keys and values lie below one another in one matrix.
 *
 * @param blocks layers within a block by the kind of block, under the makers' names with underscores
 * @param lists the list in diffusers by the kind of block
 * @param top layers outside of blocks
 */
record JointNames(Map<String, Map<String, List<String>>> blocks, Map<String, String> lists, Map<String, List<String>> top) {
  /** Layers of diffusers that one of the makers' is made of, from the first row down. */
  record Split(List<String> paths, boolean halvesSwapped) { }

  private static final Pattern BLOCK =
      Pattern.compile("(double_blocks|single_blocks|joint_blocks|layers|noise_refiner|context_refiner)_(\\d+)_(.+)");
  private static final Pattern SLICE = Pattern.compile("(.+_qkv|linear1)_(\\d)");
  private static final List<String> QKV = List.of("attn.to_q", "attn.to_k", "attn.to_v");
  private static final List<String> ADDED = List.of("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj");
  private static final Map<String, String> LISTS = Map.of("double_blocks", "transformer_blocks.", "joint_blocks",
      "transformer_blocks.", "single_blocks", "single_transformer_blocks.");

  /** FLUX.1 and Stable Diffusion 3, which share no name for different layers. */
  private static final JointNames JOINT = joint();
  private static final JointNames FLUX2 = flux2();
  private static final JointNames Z_IMAGE = zImage();

  /** The names that LoRAs of a family may have; empty for families without a transformer. */
  static Optional<JointNames> of(LoraFamily family) {
    return switch (family) {
      case FLUX, SD3 -> Optional.of(JOINT);
      case FLUX2 -> Optional.of(FLUX2);
      case Z_IMAGE -> Optional.of(Z_IMAGE);
      default -> Optional.empty();
    };
  }

  private static JointNames joint() {
    Map<String, List<String>> two = new LinkedHashMap<>();
    stream(two, "img_", "attn_", QKV, "attn.to_out.0", "ff", List.of(".net.0.proj", ".net.2"), "norm1");
    stream(two, "txt_", "attn_", ADDED, "attn.to_add_out", "ff_context", List.of(".net.0.proj", ".net.2"), "norm1_context");
    norms(two);
    Map<String, List<String>> one = new LinkedHashMap<>();
    one.put("linear1", List.of("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
    one.put("qkv", QKV);
    one.put("linear2", List.of("proj_out"));
    one.put("proj", List.of("proj_out"));
    one.put("modulation_lin", List.of("norm.linear"));
    one.put("norm_query_norm", List.of("attn.norm_q"));
    one.put("norm_key_norm", List.of("attn.norm_k"));
    Map<String, List<String>> mixed = new LinkedHashMap<>();
    for (String attention : List.of("attn", "attn2")) {
      List<String> qkv = List.of(attention + ".to_q", attention + ".to_k", attention + ".to_v");
      stream(mixed, "x_block_", attention + "_", qkv, attention + ".to_out.0", "ff", List.of(".net.0.proj", ".net.2"), "norm1");
    }
    stream(mixed, "context_block_", "attn_", ADDED, "attn.to_add_out", "ff_context", List.of(".net.0.proj", ".net.2"),
        "norm1_context");
    Map<String, List<String>> top = outside();
    top.put("context_embedder", List.of("context_embedder"));
    embedder(top, "time_in_in_layer", "time_in_out_layer", "time_text_embed.timestep_embedder");
    embedder(top, "vector_in_in_layer", "vector_in_out_layer", "time_text_embed.text_embedder");
    embedder(top, "guidance_in_in_layer", "guidance_in_out_layer", "time_text_embed.guidance_embedder");
    embedder(top, "t_embedder_mlp_0", "t_embedder_mlp_2", "time_text_embed.timestep_embedder");
    embedder(top, "y_embedder_mlp_0", "y_embedder_mlp_2", "time_text_embed.text_embedder");
    return new JointNames(Map.of("double_blocks", two, "single_blocks", one, "joint_blocks", mixed), LISTS, top);
  }

  private static JointNames flux2() {
    Map<String, List<String>> two = new LinkedHashMap<>();
    stream(two, "img_", "attn_", QKV, "attn.to_out.0", "ff", List.of(".linear_in", ".linear_out"), "norm1");
    stream(two, "txt_", "attn_", ADDED, "attn.to_add_out", "ff_context", List.of(".linear_in", ".linear_out"), "norm1_context");
    norms(two);
    Map<String, List<String>> one = Map.of("linear1", List.of("attn.to_qkv_mlp_proj"), "linear2", List.of("attn.to_out"),
        "norm_query_norm", List.of("attn.norm_q"), "norm_key_norm", List.of("attn.norm_k"));
    Map<String, List<String>> top = outside();
    embedder(top, "time_in_in_layer", "time_in_out_layer", "time_guidance_embed.timestep_embedder");
    for (String modulation : List.of("double_stream_modulation_img", "double_stream_modulation_txt", "single_stream_modulation")) {
      top.put(modulation + "_lin", List.of(modulation + ".linear"));
    }
    return new JointNames(Map.of("double_blocks", two, "single_blocks", one), LISTS, top);
  }

  private static JointNames zImage() {
    Map<String, List<String>> block = Map.of("attention_qkv", List.of("attention.to_q", "attention.to_k", "attention.to_v"),
        "attention_out", List.of("attention.to_out.0"), "attention_q_norm", List.of("attention.norm_q"), "attention_k_norm",
        List.of("attention.norm_k"));
    Map<String, String> lists =
        Map.of("layers", "layers.", "noise_refiner", "noise_refiner.", "context_refiner", "context_refiner.");
    return new JointNames(Map.of("layers", block, "noise_refiner", block, "context_refiner", block), lists,
        Map.of("x_embedder", List.of("all_x_embedder.2-1"), "final_layer_linear", List.of("all_final_layer.2-1.linear"),
            "final_layer_adaLN_modulation_1", List.of("all_final_layer.2-1.adaLN_modulation.1")));
  }

  private static Map<String, List<String>> outside() {
    Map<String, List<String>> top = new LinkedHashMap<>();
    top.put("img_in", List.of("x_embedder"));
    top.put("txt_in", List.of("context_embedder"));
    top.put("final_layer_linear", List.of("proj_out"));
    top.put("final_layer_adaLN_modulation_1", List.of("norm_out.linear"));
    return top;
  }

  private static void norms(Map<String, List<String>> names) {
    names.put("img_attn_norm_query_norm", List.of("attn.norm_q"));
    names.put("img_attn_norm_key_norm", List.of("attn.norm_k"));
    names.put("txt_attn_norm_query_norm", List.of("attn.norm_added_q"));
    names.put("txt_attn_norm_key_norm", List.of("attn.norm_added_k"));
  }

  private static void stream(Map<String, List<String>> names, String side, String attention, List<String> qkv,
      String out, String feedForward, List<String> layers, String norm) {
    names.put(side + attention + "qkv", qkv);
    names.put(side + attention + "proj", List.of(out));
    for (String first : List.of("mlp_0", "mlp_fc1")) {
      names.put(side + first, List.of(feedForward + layers.get(0)));
    }
    for (String second : List.of("mlp_2", "mlp_fc2")) {
      names.put(side + second, List.of(feedForward + layers.get(1)));
    }
    names.put(side + "mod_lin", List.of(norm + ".linear"));
    names.put(side + "adaLN_modulation_1", List.of(norm + ".linear"));
  }

  private static void embedder(Map<String, List<String>> top, String first, String second, String name) {
    top.put(first, List.of(name + ".linear_1"));
    top.put(second, List.of(name + ".linear_2"));
  }

  /** What a maker's layer is in diffusers; empty when it has another name. Dots may be underscores. */
  Optional<Split> of(String path) {
    String flat = path.replace('.', '_');
    Matcher block = BLOCK.matcher(flat);
    if (!block.matches()) {
      boolean swapped = flat.equals("final_layer_adaLN_modulation_1") && this != Z_IMAGE;
      return Optional.ofNullable(top.get(flat)).map(paths -> new Split(paths, swapped));
    }
    Map<String, List<String>> names = blocks.getOrDefault(block.group(1), Map.of());
    String list = lists.get(block.group(1)) + block.group(2) + ".";
    return inner(names, block.group(3)).map(paths -> new Split(paths.stream().map(list::concat).toList(), false));
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
