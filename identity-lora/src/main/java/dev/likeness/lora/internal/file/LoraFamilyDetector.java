package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The kind of base model that a LoRA changes, as far as names, widths and notes in its header tell.
 */
public enum LoraFamilyDetector {
  SD1("Stable Diffusion 1.x"),
  SD2("Stable Diffusion 2.x"),
  SDXL("Stable Diffusion XL"),
  SDXL_REFINER("the refiner of Stable Diffusion XL"),
  SD3("Stable Diffusion 3"),
  FLUX("FLUX.1"),
  FLUX2("FLUX.2"),
  Z_IMAGE("Z-Image"),
  QWEN_IMAGE("Qwen-Image"),
  CASCADE("Stable Cascade"),
  /** Nothing in the header tells; small and private models look so. */
  UNKNOWN("an unknown base");

  /** The blocks that FLUX.1, FLUX.2 and Stable Diffusion 3 all have, under diffusers' names. */
  private static final String JOINT_BLOCK =
      "^((base_model\\.model|diffusion_model|transformer)\\.|lora_transformer_|lora_unet_|lycoris_)*transformer_blocks[._]";

  private record Sign(Pattern key, LoraFamilyDetector family) {}

  private static final List<Sign> SIGNS = List.of(
      sign(
          "single_stream_modulation|double_stream_modulation|to_qkv_mlp_proj|linear_in[._]lora",
          FLUX2),
      sign(
          "(^|[._])(noise|context)_refiner[._]|(^|[._])layers[._]\\d+[._](attention|feed_forward|adaLN_modulation)[._]",
          Z_IMAGE),
      sign("(^|[._])(double_blocks|single_blocks)[._]", FLUX),
      sign("(^|[._])single_transformer_blocks[._]", FLUX),
      sign("(^|[._])joint_blocks[._]", SD3),
      // PixArt's and LTX-Video's blocks have two attentions; Stable Diffusion 3's first is called
      // attn.
      sign(JOINT_BLOCK + "\\d+[._]attn1[._]", UNKNOWN),
      // Stable Diffusion 3.5 large has 38 blocks, Qwen-Image 60, and feed-forwards of other names.
      sign(JOINT_BLOCK + "(\\d+[._](img|txt)_(mod|mlp)|3[89]|[4-9]\\d)[._]", QWEN_IMAGE),
      // FLUX.1 has no second attention, and blocks of both streams only up to the nineteenth.
      sign(JOINT_BLOCK + "(\\d+[._]attn2|19|[2-9]\\d)[._]", SD3),
      sign("^text_encoder_2\\.encoder\\.block\\.", FLUX),
      sign("^text_encoder_3\\.", SD3),
      sign("^lora_prior_", CASCADE));
  /**
   * Layers that FLUX.2 lacks: the blocks' own modulation, the pooled text, and a single block's
   * halves.
   */
  private static final Pattern ONLY_FLUX1 = Pattern.compile(
      "mod(ulation)?[._]lin[._]|vector_in|text_embedder|norm1?(_context)?[._]linear|proj_mlp|proj_out|processor"
          + "|single_(transformer_)?blocks[._]\\d+[._](attn[._]to_[qkv]|qkv|proj)");
  /**
   * Keys and values of an attention to the text, in either naming: their input is as wide as the
   * text is.
   */
  private static final Pattern TEXT_ATTENTION =
      Pattern.compile(".*attn2[._](?:processor[._])?to_[kv](?:_lora)?[._].*");
  // What takes in a layer's inputs; blocks on the way down have "down" in their names, too.
  private static final Pattern NARROWING =
      Pattern.compile("lora_A|lora_down|lora\\.down|lora_linear_layer\\.down|hada_w1_b");
  private static final Pattern LOKR = Pattern.compile("(.*\\.)lokr_w1(_b)?");
  private static final Pattern JOINT = Pattern.compile(JOINT_BLOCK + ".*");
  /** The widths of published transformers whose blocks have the same names. */
  private static final Map<Long, LoraFamilyDetector> JOINT_WIDTHS =
      Map.of(3072L, FLUX, 1536L, SD3, 2432L, SD3);

  private static final Pattern SECOND_TEXT = Pattern.compile(
      "^(lora_te2_(?!encoder_block)|text_encoder_2\\.(?!encoder\\.block)|text_encoders\\.clip_g|clip_g\\.).*");
  private static final Pattern ANY_TEXT = Pattern.compile(
      "^(lora_te[123]?_|lycoris_text_|text_encoder(_[23])?\\.|text_encoders\\.|clip_[lg]\\.|t5\\.).*");
  private static final Map<Long, LoraFamilyDetector> WIDTHS =
      Map.of(768L, SD1, 1024L, SD2, 2048L, SDXL, 1280L, SDXL_REFINER);

  private final String title;

  LoraFamilyDetector(String title) {
    this.title = title;
  }

  private static Sign sign(String key, LoraFamilyDetector family) {
    return new Sign(Pattern.compile(key), family);
  }

  /** Its name as people say it. */
  public String title() {
    return title;
  }

  /**
   * Reads a file's names and shapes, and where those say nothing the notes that trainers leave in
   * its header.
   */
  public static LoraFamilyDetector of(TensorNames source, Map<String, String> notes) {
    for (Sign sign : SIGNS) {
      if (source.names().stream().anyMatch(name -> sign.key.matcher(name).find())) {
        return sign.family;
      }
    }
    LoraFamilyDetector byWidth = source.names().stream()
        .flatMap(name -> byWidth(source, name))
        .findFirst()
        .orElse(UNKNOWN);
    if (byWidth != UNKNOWN) {
      return byWidth;
    }
    if (isJoint(source)) {
      return noted(notes);
    }
    boolean twoTowers =
        source.names().stream().anyMatch(name -> SECOND_TEXT.matcher(name).matches());
    return twoTowers ? SDXL : noted(notes);
  }

  /**
   * The same on a base of a known family: FLUX.2 has FLUX.1's names where both have a layer, and
   * Stable Diffusion 3 those of blocks of both streams and SDXL's text encoders, so that those
   * alone do not tell.
   */
  static LoraFamilyDetector of(
      TensorNames source, Map<String, String> notes, LoraFamilyDetector base) {
    LoraFamilyDetector alone = of(source, notes);
    boolean either = alone == FLUX
        && source.names().stream().noneMatch(name -> ONLY_FLUX1.matcher(name).find());
    boolean any =
        alone == UNKNOWN && isJoint(source) && Set.of(FLUX, FLUX2, SD3).contains(base);
    boolean text = alone == SDXL
        && base == SD3
        && noted(notes) != SDXL
        && source.names().stream().allMatch(name -> ANY_TEXT.matcher(name).matches());
    return either && base == FLUX2 || any || text ? base : alone;
  }

  private static boolean isJoint(TensorNames source) {
    return source.names().stream().anyMatch(name -> JOINT.matcher(name).matches());
  }

  private static Stream<LoraFamilyDetector> byWidth(TensorNames source, String name) {
    if (TEXT_ATTENTION.matcher(name).matches()) {
      return Stream.ofNullable(WIDTHS.get(inputs(source, name)));
    }
    if (JOINT.matcher(name).matches()) {
      return Stream.ofNullable(JOINT_WIDTHS.get(inputs(source, name)));
    }
    long[] shape = source.shape(name);
    boolean numbered =
        name.matches("(unet:)?\\d+(:down)?") && shape.length == 2 && shape[1] > shape[0];
    // A numbered list says no names; among a UNet's inputs only the text is 768 or 1024 wide.
    return numbered && (shape[1] == 768 || shape[1] == 1024)
        ? Stream.of(WIDTHS.get(shape[1]))
        : Stream.empty();
  }

  /** How many inputs the layer has that a key changes; 0 where the key does not say. */
  private static long inputs(TensorNames source, String name) {
    long[] shape = source.shape(name);
    if (shape.length < 2) {
      return 0;
    }
    if (NARROWING.matcher(name).find() || name.endsWith(".diff")) {
      return shape[1];
    }
    if (name.endsWith(".a2.weight")) {
      // Of GLoRA's first files its sides are the other way round; the rank is the smaller.
      return Math.max(shape[0], shape[1]);
    }
    Matcher outer = LOKR.matcher(name);
    return !outer.matches()
        ? 0
        : Stream.of("lokr_w2", "lokr_w2_b")
            .map(inner -> outer.group(1) + inner)
            .filter(source.names()::contains)
            .mapToLong(inner -> shape[1] * source.shape(inner)[1])
            .findFirst()
            .orElse(0);
  }

  private static LoraFamilyDetector noted(Map<String, String> notes) {
    String base = Stream.of(
            "modelspec.architecture", "ss_base_model_version", "baseModel", "likeness.base_family")
        .map(notes::get)
        .filter(note -> note != null)
        .findFirst()
        .orElse("")
        .toLowerCase(Locale.ROOT);
    if (base.contains("xl")) {
      return base.contains("refiner") ? SDXL_REFINER : SDXL;
    }
    if (base.contains("flux")) {
      return FLUX;
    }
    if (base.matches("sd3.*|.*diffusion[ _-]?v?3.*")) {
      return SD3;
    }
    if (base.contains("v2") || "True".equals(notes.get("ss_v2"))) {
      return SD2;
    }
    return base.contains("v1") ? SD1 : UNKNOWN;
  }

  /** What a model with these layers is. */
  public static LoraFamilyDetector of(LayerTable table) {
    for (TargetLayer layer : table.layers()) {
      if (layer.part() == ModelComponent.TRANSFORMER) {
        return ofTransformer(table.layers().stream().map(TargetLayer::path).toList());
      }
    }
    return table.layers().stream()
        .filter(layer -> layer.path().endsWith("attn2.to_k"))
        .map(layer -> WIDTHS.getOrDefault(layer.in(), UNKNOWN))
        .findFirst()
        .orElse(UNKNOWN);
  }

  private static LoraFamilyDetector ofTransformer(List<String> paths) {
    if (paths.stream().anyMatch(path -> path.endsWith("to_qkv_mlp_proj"))) {
      return FLUX2;
    }
    if (paths.stream().anyMatch(path -> path.startsWith("noise_refiner."))) {
      return Z_IMAGE;
    }
    return paths.stream().anyMatch(path -> path.startsWith("single_transformer_blocks."))
        ? FLUX
        : SD3;
  }

  /**
   * Whether a LoRA of this family may fit a base of that one: not knowing is no reason to refuse a
   * UNet's.
   */
  public boolean mayFit(LoraFamilyDetector base) {
    boolean ofUnet = this == UNKNOWN || WIDTHS.containsValue(this);
    return this == base || ofUnet && (this == UNKNOWN || base == UNKNOWN);
  }
}
