package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The names that a transformer's makers give its layers, as diffusers names them. Layers that are
 * one there are several here: queries, keys and values lie below one another in one matrix.
 *
 * @param blocks layers within a block by the kind of block, under the makers' names with
 *     underscores
 * @param lists the list in diffusers by the kind of block
 * @param top layers outside of blocks
 * @param exchanged layers of diffusers whose first half of rows is the makers' second
 */
record OriginalLayerNames(
    Map<String, Map<String, List<String>>> blocks,
    Map<String, String> lists,
    Map<String, List<String>> top,
    Set<String> exchanged) {
  /** Layers of diffusers that one of the makers' is made of, from the first row down. */
  record Split(List<String> paths, boolean halvesSwapped) {}

  private static final Pattern BLOCK = Pattern.compile(
      "(double_blocks|single_blocks|joint_blocks|layers|noise_refiner|context_refiner)_(\\d+)_(.+)");
  private static final Pattern LAST_NORM =
      Pattern.compile("norm_out\\.linear|.*\\.norm1_context\\.linear");
  private static final Pattern SLICE = Pattern.compile("(.+_qkv|linear1)_(\\d)");
  private static final List<String> QKV = List.of("attn.to_q", "attn.to_k", "attn.to_v");
  private static final List<String> HALVES = List.of(".net.0.proj", ".net.2");
  private static final List<String> ADDED =
      List.of("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj");
  /** What diffusers itself fuses where it is told to. */
  private static final Map<String, List<String>> FUSED = Map.of(
      "_to_qkv",
      List.of("_to_q", "_to_k", "_to_v"),
      "_to_kv",
      List.of("_to_k", "_to_v"),
      "_to_added_qkv",
      List.of("_add_q_proj", "_add_k_proj", "_add_v_proj"));

  private static final Map<String, String> LISTS = Map.of(
      "double_blocks",
      "transformer_blocks.",
      "joint_blocks",
      "transformer_blocks.",
      "single_blocks",
      "single_transformer_blocks.");

  /** What is called otherwise in the blocks of FLUX and in those of Stable Diffusion 3. */
  private record Inner(String first, String second, String modulation) {}

  private static final Inner FLUX_INNER = new Inner("mlp_0", "mlp_2", "mod_lin");
  private static final Inner SD3_INNER = new Inner("mlp_fc1", "mlp_fc2", "adaLN_modulation_1");
  private static final OriginalLayerNames FLUX = flux();
  private static final OriginalLayerNames SD3 = sd3();
  private static final OriginalLayerNames FLUX2 = flux2();
  private static final OriginalLayerNames Z_IMAGE = zImage();

  /**
   * The names that LoRAs of a family may have on a base of these layers; none in families without a
   * transformer.
   */
  static OriginalLayerNames of(LoraFamilyDetector family, LayerTable table) {
    OriginalLayerNames names =
        switch (family) {
          case FLUX -> FLUX;
          case SD3 -> SD3;
          case FLUX2 -> FLUX2;
          case Z_IMAGE -> Z_IMAGE;
          default -> new OriginalLayerNames(Map.of(), Map.of(), Map.of());
        };
    Set<String> exchanged = table.layers().stream()
        .filter(OriginalLayerNames::isExchanged)
        .map(TargetLayer::path)
        .collect(Collectors.toSet());
    return new OriginalLayerNames(names.blocks, names.lists, names.top, exchanged);
  }

  /**
   * Before a transformer's output, and where Stable Diffusion 3's text ends: scale and shift alone,
   * not shift and scale.
   */
  private static boolean isExchanged(TargetLayer layer) {
    return layer.part() == ModelComponent.TRANSFORMER
        && LAST_NORM.matcher(layer.path()).matches()
        && layer.out() == 2 * layer.in();
  }

  private OriginalLayerNames(
      Map<String, Map<String, List<String>>> blocks,
      Map<String, String> lists,
      Map<String, List<String>> top) {
    this(blocks, lists, top, Set.of());
  }

  private static OriginalLayerNames flux() {
    Map<String, List<String>> two = new LinkedHashMap<>();
    stream(two, FLUX_INNER, "img_", "attn_", QKV, "attn.to_out.0", "ff", HALVES, "norm1");
    stream(
        two,
        FLUX_INNER,
        "txt_",
        "attn_",
        ADDED,
        "attn.to_add_out",
        "ff_context",
        HALVES,
        "norm1_context");
    norms(two, "img_attn_norm_", "query_norm", "key_norm", "attn.norm_");
    norms(two, "txt_attn_norm_", "query_norm", "key_norm", "attn.norm_added_");
    Map<String, List<String>> one = new LinkedHashMap<>();
    one.put("linear1", List.of("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
    one.put("qkv", QKV);
    one.put("linear2", List.of("proj_out"));
    one.put("proj", List.of("proj_out"));
    one.put("modulation_lin", List.of("norm.linear"));
    norms(one, "norm_", "query_norm", "key_norm", "attn.norm_");
    Map<String, List<String>> top = outside("img_in", "x_embedder", "txt_in");
    // As OneTrainer writes it.
    top.put("img_in_proj", List.of("x_embedder"));
    embedder(top, "time_in_in_layer", "time_in_out_layer", "time_text_embed.timestep_embedder");
    embedder(top, "vector_in_in_layer", "vector_in_out_layer", "time_text_embed.text_embedder");
    embedder(
        top, "guidance_in_in_layer", "guidance_in_out_layer", "time_text_embed.guidance_embedder");
    return new OriginalLayerNames(Map.of("double_blocks", two, "single_blocks", one), LISTS, top);
  }

  private static OriginalLayerNames sd3() {
    Map<String, List<String>> mixed = new LinkedHashMap<>();
    for (String attention : List.of("attn", "attn2")) {
      List<String> qkv = List.of(attention + ".to_q", attention + ".to_k", attention + ".to_v");
      stream(
          mixed,
          SD3_INNER,
          "x_block_",
          attention + "_",
          qkv,
          attention + ".to_out.0",
          "ff",
          HALVES,
          "norm1");
      norms(mixed, "x_block_" + attention + "_ln_", "q", "k", attention + ".norm_");
    }
    stream(
        mixed,
        SD3_INNER,
        "context_block_",
        "attn_",
        ADDED,
        "attn.to_add_out",
        "ff_context",
        HALVES,
        "norm1_context");
    norms(mixed, "context_block_attn_ln_", "q", "k", "attn.norm_added_");
    Map<String, List<String>> top =
        outside("x_embedder_proj", "pos_embed.proj", "context_embedder");
    embedder(top, "t_embedder_mlp_0", "t_embedder_mlp_2", "time_text_embed.timestep_embedder");
    embedder(top, "y_embedder_mlp_0", "y_embedder_mlp_2", "time_text_embed.text_embedder");
    return new OriginalLayerNames(Map.of("joint_blocks", mixed), LISTS, top);
  }

  private static OriginalLayerNames flux2() {
    Map<String, List<String>> two = new LinkedHashMap<>();
    List<String> halves = List.of(".linear_in", ".linear_out");
    stream(two, FLUX_INNER, "img_", "attn_", QKV, "attn.to_out.0", "ff", halves, "norm1");
    stream(
        two,
        FLUX_INNER,
        "txt_",
        "attn_",
        ADDED,
        "attn.to_add_out",
        "ff_context",
        halves,
        "norm1_context");
    norms(two, "img_attn_norm_", "query_norm", "key_norm", "attn.norm_");
    norms(two, "txt_attn_norm_", "query_norm", "key_norm", "attn.norm_added_");
    Map<String, List<String>> one = new LinkedHashMap<>();
    one.put("linear1", List.of("attn.to_qkv_mlp_proj"));
    one.put("linear2", List.of("attn.to_out"));
    norms(one, "norm_", "query_norm", "key_norm", "attn.norm_");
    Map<String, List<String>> top = outside("img_in", "x_embedder", "txt_in");
    embedder(top, "time_in_in_layer", "time_in_out_layer", "time_guidance_embed.timestep_embedder");
    for (String modulation : List.of(
        "double_stream_modulation_img",
        "double_stream_modulation_txt",
        "single_stream_modulation")) {
      top.put(modulation + "_lin", List.of(modulation + ".linear"));
    }
    return new OriginalLayerNames(Map.of("double_blocks", two, "single_blocks", one), LISTS, top);
  }

  private static OriginalLayerNames zImage() {
    Map<String, List<String>> block = Map.of(
        "attention_qkv",
        List.of("attention.to_q", "attention.to_k", "attention.to_v"),
        "attention_out",
        List.of("attention.to_out.0"),
        "attention_q_norm",
        List.of("attention.norm_q"),
        "attention_k_norm",
        List.of("attention.norm_k"));
    Map<String, String> lists = Map.of(
        "layers",
        "layers.",
        "noise_refiner",
        "noise_refiner.",
        "context_refiner",
        "context_refiner.");
    return new OriginalLayerNames(
        Map.of("layers", block, "noise_refiner", block, "context_refiner", block),
        lists,
        Map.of(
            "x_embedder",
            List.of("all_x_embedder.2-1"),
            "final_layer_linear",
            List.of("all_final_layer.2-1.linear"),
            "final_layer_adaLN_modulation_1",
            List.of("all_final_layer.2-1.adaLN_modulation.1")));
  }

  private static Map<String, List<String>> outside(String picture, String ownPicture, String text) {
    Map<String, List<String>> top = new LinkedHashMap<>();
    top.put(picture, List.of(ownPicture));
    top.put(text, List.of("context_embedder"));
    top.put("final_layer_linear", List.of("proj_out"));
    top.put("final_layer_adaLN_modulation_1", List.of("norm_out.linear"));
    return top;
  }

  private static void norms(
      Map<String, List<String>> names, String before, String query, String key, String norm) {
    names.put(before + query, List.of(norm + "q"));
    names.put(before + key, List.of(norm + "k"));
  }

  private static void stream(
      Map<String, List<String>> names,
      Inner inner,
      String side,
      String attention,
      List<String> qkv,
      String out,
      String feedForward,
      List<String> layers,
      String norm) {
    names.put(side + attention + "qkv", qkv);
    names.put(side + attention + "proj", List.of(out));
    names.put(side + inner.first, List.of(feedForward + layers.get(0)));
    names.put(side + inner.second, List.of(feedForward + layers.get(1)));
    names.put(side + inner.modulation, List.of(norm + ".linear"));
  }

  private static void embedder(
      Map<String, List<String>> top, String first, String second, String name) {
    top.put(first, List.of(name + ".linear_1"));
    top.put(second, List.of(name + ".linear_2"));
  }

  /**
   * What a maker's layer is in diffusers; empty when it has another name. Dots may be underscores.
   */
  Optional<Split> of(String path) {
    String flat = path.replace('.', '_');
    Matcher block = BLOCK.matcher(flat);
    if (!block.matches()) {
      return Optional.ofNullable(top.get(flat)).map(this::split);
    }
    Map<String, List<String>> names = blocks.getOrDefault(block.group(1), Map.of());
    String list = lists.get(block.group(1)) + block.group(2) + ".";
    return inner(names, block.group(3))
        .map(paths -> split(paths.stream().map(list::concat).toList()));
  }

  /**
   * Whether files may say a layer and its parts: Z-Image's trainers write both, of which diffusers
   * takes the parts.
   */
  boolean areDoubled() {
    return lists.containsKey("noise_refiner");
  }

  private Split split(List<String> paths) {
    return new Split(paths, exchanged.containsAll(paths));
  }

  /** What a layer is that diffusers fused; empty when it is none. Dots may be underscores. */
  static Optional<Split> fused(String path) {
    String flat = path.replace('.', '_');
    return FUSED.entrySet().stream()
        .filter(entry -> flat.endsWith(entry.getKey()))
        .findFirst()
        .map(entry -> {
          String attention = flat.substring(0, flat.length() - entry.getKey().length());
          return new Split(entry.getValue().stream().map(attention::concat).toList(), false);
        });
  }

  /**
   * The maker's name, with underscores, of the layer that one of diffusers is, or is a part of. Of
   * several names the first; empty where it has none, or not all of its parts are {@code known}.
   */
  Optional<String> maker(String path, Predicate<String> known) {
    for (String kind : blocks.keySet()) {
      String list = lists.get(kind);
      if (path.startsWith(list)) {
        int end = path.indexOf('.', list.length()) + 1;
        String block = path.substring(0, end);
        return name(blocks.get(kind), path.substring(end), part -> known.test(block + part))
            .map(inner -> kind + "_" + block.substring(list.length(), end - 1) + "_" + inner);
      }
    }
    return name(top, path, known);
  }

  private static Optional<String> name(
      Map<String, List<String>> names, String path, Predicate<String> known) {
    return names.entrySet().stream()
        .filter(entry ->
            entry.getValue().contains(path) && entry.getValue().stream().allMatch(known))
        .map(Map.Entry::getKey)
        .findFirst();
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

  /**
   * How kohya's programs name a base's layers: as diffusers does in Stable Diffusion 1.x and 2.x,
   * as the makers do in all others, where several layers of diffusers may be one.
   */
  static final class KohyaNames {
    private static final String NETWORK = "lora_unet_";

    /**
     * A layer there.
     *
     * @param stem what its keys begin with
     * @param parts the layers of diffusers that it is made of, from the first row down
     * @param halvesSwapped whether its first half of rows is the second in diffusers
     */
    record Place(String stem, List<TargetLayer> parts, boolean halvesSwapped) {}

    private final LayerTable table;
    private final OriginalLayerNames joint;
    private final boolean several;

    KohyaNames(LayerTable table) {
      this.table = table;
      joint = OriginalLayerNames.of(LoraFamilyDetector.of(table), table);
      several = table.has(ModelComponent.TEXT_ENCODER_2);
    }

    /** Where a layer of the base is in kohya's. */
    Place of(TargetLayer layer) {
      return switch (layer.part()) {
        case UNET ->
          alone(NETWORK, several ? table.old(layer).orElse(layer.path()) : layer.path(), layer);
        case TRANSFORMER -> joined(layer).orElseGet(() -> alone(NETWORK, layer.path(), layer));
        default -> alone(text(layer), layer.path(), layer);
      };
    }

    private Optional<Place> joined(TargetLayer layer) {
      return joint
          .maker(
              layer.path(), path -> table.find(ModelComponent.TRANSFORMER, path).isPresent())
          .map(maker -> {
            OriginalLayerNames.Split split = joint.of(maker).orElseThrow();
            List<TargetLayer> parts = split.paths().stream()
                .map(path -> table.find(ModelComponent.TRANSFORMER, path).orElseThrow())
                .toList();
            return new Place(NETWORK + maker, parts, split.halvesSwapped());
          });
    }

    /** T5 is the third wherever it is. */
    private String text(TargetLayer layer) {
      if (layer.part() == ModelComponent.TEXT_ENCODER_3
          || layer.path().startsWith("encoder.block.")) {
        return "lora_te3_";
      }
      return layer.part() == ModelComponent.TEXT_ENCODER_2
          ? "lora_te2_"
          : several ? "lora_te1_" : "lora_te_";
    }

    private static Place alone(String prefix, String path, TargetLayer layer) {
      return new Place(prefix + path.replace('.', '_'), List.of(layer), false);
    }
  }
}
