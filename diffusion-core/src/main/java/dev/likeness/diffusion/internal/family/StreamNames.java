package dev.likeness.diffusion.internal.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds the authors' names of double-stream blocks, in which families differ by the following.
 *
 * @param first the feed-forward's first layer
 * @param second the feed-forward's second layer
 * @param modulation the layer of shifts, scales and gates; null if blocks have none
 */
public record StreamNames(String first, String second, String modulation) {
  /** The lists of blocks in diffusers by the authors' name. */
  public static final Map<String, String> LISTS =
      Map.of("double_blocks", "transformer_blocks.", "single_blocks", "single_transformer_blocks.");

  private static final List<String> HALVES = List.of(".net.0.proj", ".net.2");
  private static final List<String> ADDED =
      List.of("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj");

  /**
   * Adds an image stream: {@code side} before its names, {@code attention} before those of its
   * attention.
   */
  public void addImageStream(
      Map<String, List<String>> names, String side, String attention, List<String> halves) {
    add(
        names,
        side + attention + "_",
        side,
        List.of(attention + ".to_q", attention + ".to_k", attention + ".to_v"),
        attention + ".to_out.0",
        "ff",
        halves,
        "norm1");
  }

  /** Adds a text stream. */
  public void addTextStream(Map<String, List<String>> names, String side, List<String> halves) {
    add(
        names,
        side + "attn_",
        side,
        ADDED,
        "attn.to_add_out",
        "ff_context",
        halves,
        "norm1_context");
  }

  private void add(
      Map<String, List<String>> names,
      String attention,
      String side,
      List<String> qkv,
      String out,
      String feedForward,
      List<String> halves,
      String norm) {
    names.put(attention + "qkv", qkv);
    names.put(attention + "proj", List.of(out));
    names.put(side + first, List.of(feedForward + halves.get(0)));
    names.put(side + second, List.of(feedForward + halves.get(1)));
    if (modulation != null) {
      names.put(side + modulation, List.of(norm + ".linear"));
    }
  }

  /** Adds the norms of queries and keys. */
  public static void addNorms(
      Map<String, List<String>> names, String before, String query, String key, String norm) {
    names.put(before + query, List.of(norm + "q"));
    names.put(before + key, List.of(norm + "k"));
  }

  /**
   * The names within blocks of FLUX.1's shape, by the kind of block.
   *
   * @param modulation the layer of shifts, scales and gates; null if blocks have none
   */
  public static Map<String, Map<String, List<String>>> blocks(String modulation) {
    StreamNames streams = new StreamNames("mlp_0", "mlp_2", modulation);
    Map<String, List<String>> two = new LinkedHashMap<>();
    streams.addImageStream(two, "img_", "attn", HALVES);
    streams.addTextStream(two, "txt_", HALVES);
    addNorms(two, "img_attn_norm_", "query_norm", "key_norm", "attn.norm_");
    addNorms(two, "txt_attn_norm_", "query_norm", "key_norm", "attn.norm_added_");
    Map<String, List<String>> one = new LinkedHashMap<>();
    one.put("linear1", List.of("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
    one.put("qkv", List.of("attn.to_q", "attn.to_k", "attn.to_v"));
    one.put("linear2", List.of("proj_out"));
    one.put("proj", List.of("proj_out"));
    addNorms(one, "norm_", "query_norm", "key_norm", "attn.norm_");
    return Map.of("double_blocks", two, "single_blocks", one);
  }

  /** Names outside of the blocks, which all such transformers have. */
  public static Map<String, List<String>> outerLayers(String image, String ownImage, String text) {
    Map<String, List<String>> top = new LinkedHashMap<>();
    top.put(image, List.of(ownImage));
    top.put(text, List.of("context_embedder"));
    top.put("final_layer_linear", List.of("proj_out"));
    top.put("final_layer_adaLN_modulation_1", List.of("norm_out.linear"));
    return top;
  }

  /** Adds an embedder of two layers. */
  public static void addEmbedder(
      Map<String, List<String>> top, String first, String second, String name) {
    top.put(first, List.of(name + ".linear_1"));
    top.put(second, List.of(name + ".linear_2"));
  }
}
