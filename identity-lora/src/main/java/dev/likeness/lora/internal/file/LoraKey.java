package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.file.KeyFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The role of a tensor of a LoRA file for its layer, such as a factor or an alpha. */
enum LoraKey {
  DOWN,
  UP,
  MID,
  /** The singular values of AdaLoRA, [rank, 1]. */
  SINGULAR_VALUES,
  /** A factor beside an embedding table, [rank, rows]. */
  EMBEDDING_A,
  /** A factor beside an embedding table, [width, rank]. */
  EMBEDDING_B,
  ALPHA,
  MAGNITUDE,
  HADA_W1_A,
  HADA_W1_B,
  HADA_W2_A,
  HADA_W2_B,
  HADA_T1,
  HADA_T2,
  LOKR_W1,
  LOKR_W1_A,
  LOKR_W1_B,
  LOKR_W2,
  LOKR_W2_A,
  LOKR_W2_B,
  LOKR_T2,
  A1,
  A2,
  B1,
  B2,
  BM,
  DIFF,
  DIFF_B,
  SET,
  SET_B,
  W_NORM,
  B_NORM,
  BIAS_UP,
  OFT_BLOCKS,
  OFT_R,
  /** OneTrainer's marker of scaled OFT, a number beside {@link #OFT_R}. */
  OFT_SCALED,
  OFT_MATRICES,
  OFT_LENGTHS,
  RESCALE,
  BOFT_MATRICES,
  BOFT_LENGTHS,
  CHANNEL_SCALE,
  ON_INPUT,
  CHANNEL_FACTOR,
  /** A tensor that contains the shape of the new weight. */
  RESHAPE;

  /** A key without its ending, with its role and key format. */
  record SplitKey(String stem, LoraKey role, KeyFormat keyFormat) {
    /**
     * Returns the ending of the key that this was split from, or an equivalent ending that fits any
     * name.
     */
    String suffix(String key) {
      return role == SET
          ? ".set_weight"
          : role == SET_B ? ".set_bias" : key.substring(stem.length());
    }
  }

  private record Suffix(String text, LoraKey role, KeyFormat keyFormat) {}

  private static final String ON_INPUT_SUFFIX = ".on_input";
  private static final String IA3_SUFFIX = ".ia3_weight";
  private static final String BASE_LAYER = ".base_layer";
  private static final String SAVED = ".modules_to_save";

  // The endings of all key formats that ComfyUI's readers (comfy/weight_adapter), LyCORIS, peft and
  // diffusers' converters know.
  private static final List<Suffix> SUFFIXES = List.of(
      new Suffix(".lora_A.weight", DOWN, KeyFormat.PEFT),
      new Suffix(".lora_B.weight", UP, KeyFormat.PEFT),
      new Suffix(".lora_A", DOWN, KeyFormat.PEFT),
      new Suffix(".lora_B", UP, KeyFormat.PEFT),
      new Suffix(".lora_B.bias", BIAS_UP, KeyFormat.PEFT),
      new Suffix(".lora_E", SINGULAR_VALUES, KeyFormat.PEFT),
      new Suffix(".lora_embedding_A", EMBEDDING_A, KeyFormat.PEFT),
      new Suffix(".lora_embedding_B", EMBEDDING_B, KeyFormat.PEFT),
      new Suffix(".lora_magnitude_vector.weight", MAGNITUDE, KeyFormat.PEFT),
      new Suffix(".lora_magnitude_vector", MAGNITUDE, KeyFormat.PEFT),
      new Suffix(".oft_R.weight", OFT_R, KeyFormat.PEFT),
      new Suffix(".oft_R", OFT_R, KeyFormat.PEFT),
      new Suffix(".oft_R.scaled_oft", OFT_SCALED, KeyFormat.PEFT),
      new Suffix(".oft_r", OFT_MATRICES, KeyFormat.PEFT),
      new Suffix(".oft_s", OFT_LENGTHS, KeyFormat.PEFT),
      new Suffix(".boft_R", BOFT_MATRICES, KeyFormat.PEFT),
      new Suffix(".boft_s", BOFT_LENGTHS, KeyFormat.PEFT),
      new Suffix(".ia3_l", CHANNEL_FACTOR, KeyFormat.PEFT),
      new Suffix(".lora_down.weight", DOWN, KeyFormat.KOHYA),
      new Suffix(".lora_up.weight", UP, KeyFormat.KOHYA),
      new Suffix(".lora_mid.weight", MID, KeyFormat.KOHYA),
      new Suffix(".lora.down.weight", DOWN, KeyFormat.DIFFUSERS),
      new Suffix(".lora.up.weight", UP, KeyFormat.DIFFUSERS),
      new Suffix(".lora_linear_layer.down.weight", DOWN, KeyFormat.DIFFUSERS),
      new Suffix(".lora_linear_layer.up.weight", UP, KeyFormat.DIFFUSERS),
      new Suffix("_lora.down.weight", DOWN, KeyFormat.ATTENTION_PROCESSOR),
      new Suffix("_lora.up.weight", UP, KeyFormat.ATTENTION_PROCESSOR),
      suffix("hada_w1_a", HADA_W1_A),
      suffix("hada_w1_b", HADA_W1_B),
      suffix("hada_w2_a", HADA_W2_A),
      suffix("hada_w2_b", HADA_W2_B),
      suffix("hada_t1", HADA_T1),
      suffix("hada_t2", HADA_T2),
      suffix("lokr_w1", LOKR_W1),
      suffix("lokr_w1_a", LOKR_W1_A),
      suffix("lokr_w1_b", LOKR_W1_B),
      suffix("lokr_w2", LOKR_W2),
      suffix("lokr_w2_a", LOKR_W2_A),
      suffix("lokr_w2_b", LOKR_W2_B),
      suffix("lokr_t2", LOKR_T2),
      suffix("a1.weight", A1),
      suffix("a2.weight", A2),
      suffix("b1.weight", B1),
      suffix("b2.weight", B2),
      suffix("bm.weight", BM),
      suffix("diff", DIFF),
      suffix("diff_b", DIFF_B),
      suffix("set_weight", SET),
      suffix("set_bias", SET_B),
      suffix("w_norm", W_NORM),
      suffix("b_norm", B_NORM),
      suffix("oft_blocks", OFT_BLOCKS),
      suffix("oft_diag", OFT_BLOCKS),
      suffix("rescale", RESCALE),
      new Suffix(IA3_SUFFIX, CHANNEL_SCALE, null),
      new Suffix(ON_INPUT_SUFFIX, ON_INPUT, null),
      suffix("reshape_weight", RESHAPE),
      suffix("dora_scale", MAGNITUDE),
      suffix("alpha", ALPHA),
      new Suffix(".scale", SET, KeyFormat.PEFT));

  private static final Pattern NAMED_ADAPTER = Pattern.compile(
      "(.+\\.(?:lora_[ABE]|lora_embedding_[AB]|lora_magnitude_vector|b?oft_[Rrs]|ia3_l|oft_blocks"
          + "|(?:hada|lokr)_[wt][12](?:_[ab])?))\\.[^.]+(\\.weight)?");

  private static Suffix suffix(String text, LoraKey role) {
    return new Suffix("." + text, role, null);
  }

  /**
   * Returns the key with an unambiguous ending. LyCORIS calls the factor of IA3 "weight", as other
   * programs call other tensors; the keys beside it decide.
   */
  static String resolveIa3(String key, Set<String> all) {
    String stem =
        key.endsWith(".weight") ? key.substring(0, key.length() - ".weight".length()) : "";
    return all.contains(stem + ON_INPUT_SUFFIX) ? stem + IA3_SUFFIX : key;
  }

  /** Splits a key; empty if its ending is not that of a LoRA. */
  static Optional<SplitKey> split(String key) {
    for (Suffix ending : SUFFIXES) {
      if (key.endsWith(ending.text)) {
        String stem = key.substring(0, key.length() - ending.text.length());
        return Optional.of(new SplitKey(withoutUnderscores(stem), ending.role, ending.keyFormat));
      }
    }
    Matcher named = NAMED_ADAPTER.matcher(key);
    if (named.matches()) {
      return split(named.group(1));
    }
    return splitFullTensor(key);
  }

  /** Some programs end the names of layers with an underscore too many. */
  private static String withoutUnderscores(String stem) {
    int end = stem.length();
    while (end > 1 && stem.charAt(end - 1) == '_') {
      end--;
    }
    return stem.substring(0, end);
  }

  /**
   * Splits the key of a new value that peft stores beside factors (bias, modules_to_save): of a
   * layer that it wraps, or of any layer under its prefix.
   */
  private static Optional<SplitKey> splitFullTensor(String key) {
    boolean bias = key.endsWith(".bias");
    if (!bias && !key.endsWith(".weight")) {
      return Optional.empty();
    }
    String layer = key.substring(0, key.lastIndexOf('.'));
    String wrapped = layer.endsWith(BASE_LAYER)
        ? layer.substring(0, layer.length() - BASE_LAYER.length())
        : withoutSaved(layer);
    int prefix = ("." + wrapped).lastIndexOf("." + KeyPrefix.PEFT);
    boolean isPeft = prefix >= 0 && wrapped.length() > prefix + KeyPrefix.PEFT.length();
    return wrapped.isEmpty() || wrapped.equals(layer) && !isPeft
        ? Optional.empty()
        : Optional.of(new SplitKey(wrapped, bias ? SET_B : SET, KeyFormat.PEFT));
  }

  /** The ending may be followed by the name of an adapter. */
  private static String withoutSaved(String layer) {
    int last = layer.lastIndexOf('.');
    for (String end : new String[] {layer, last < 0 ? layer : layer.substring(0, last)}) {
      if (end.endsWith(SAVED)) {
        return end.substring(0, end.length() - SAVED.length());
      }
    }
    return layer;
  }

  /**
   * A parsed key of a LoRA file.
   *
   * @param component the component of its layer, or null if the key has no prefix of a component
   * @param path the layer's path in its component; its dots may be underscores
   * @param keyFormat the key format
   * @param role the role of the tensor
   */
  record FactorKey(ModelComponent component, String path, LoraKey role, KeyFormat keyFormat) {
    /** Parses a key; empty if it is not that of a LoRA. */
    static Optional<FactorKey> parse(String key) {
      return LoraKey.split(key).map(cut -> {
        String stem = cut.stem().replace(KeyPrefix.PEFT, "").replace(".processor.", ".");
        return KeyPrefix.of(stem)
            .map(prefix -> new FactorKey(
                prefix.component(),
                prefix.rest(stem),
                cut.role(),
                combineFormats(cut.keyFormat(), prefix.keyFormat())))
            .orElseGet(() -> new FactorKey(
                null,
                stem,
                cut.role(),
                cut.keyFormat() == null ? KeyFormat.PEFT : cut.keyFormat()));
      });
    }

    // A prefix that only one program uses decides the key format before the ending does.
    private static KeyFormat combineFormats(KeyFormat ending, KeyFormat prefix) {
      return ending == null || prefix != KeyFormat.PEFT ? prefix : ending;
    }
  }
}
