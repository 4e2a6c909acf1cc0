package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.LowRankEnding;
import dev.likeness.lora.file.KeyFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A key of a LoRA file without its ending, and what the ending says.
 *
 * @param stem the key without its ending
 * @param role the role of the tensor
 * @param keyFormat the key format of the ending; null if several formats have it
 */
record KeyEnding(String stem, LoraRole role, KeyFormat keyFormat) {
  private record Suffix(String text, LoraRole role, KeyFormat keyFormat) {}

  private static final String ON_INPUT_SUFFIX = ".on_input";
  private static final String IA3_SUFFIX = ".ia3_weight";
  private static final String BASE_LAYER = ".base_layer";
  private static final String SAVED = ".modules_to_save";

  // The endings of all key formats that ComfyUI's readers (comfy/weight_adapter), LyCORIS, peft and
  // diffusers' converters know.
  private static final List<Suffix> SUFFIXES = List.of(
      new Suffix(LowRankEnding.PEFT.down(), LoraRole.DOWN, KeyFormat.PEFT),
      new Suffix(LowRankEnding.PEFT.up(), LoraRole.UP, KeyFormat.PEFT),
      new Suffix(LowRankEnding.PEFT_PARAMETERS.down(), LoraRole.DOWN, KeyFormat.PEFT),
      new Suffix(LowRankEnding.PEFT_PARAMETERS.up(), LoraRole.UP, KeyFormat.PEFT),
      new Suffix(".lora_B.bias", LoraRole.BIAS_UP, KeyFormat.PEFT),
      new Suffix(".lora_E", LoraRole.SINGULAR_VALUES, KeyFormat.PEFT),
      new Suffix(".lora_embedding_A", LoraRole.EMBEDDING_A, KeyFormat.PEFT),
      new Suffix(".lora_embedding_B", LoraRole.EMBEDDING_B, KeyFormat.PEFT),
      new Suffix(".lora_magnitude_vector.weight", LoraRole.MAGNITUDE, KeyFormat.PEFT),
      new Suffix(".lora_magnitude_vector", LoraRole.MAGNITUDE, KeyFormat.PEFT),
      new Suffix(".oft_R.weight", LoraRole.OFT_R, KeyFormat.PEFT),
      new Suffix(".oft_R", LoraRole.OFT_R, KeyFormat.PEFT),
      new Suffix(".oft_R.scaled_oft", LoraRole.OFT_SCALED, KeyFormat.PEFT),
      new Suffix(".oft_r", LoraRole.OFT_MATRICES, KeyFormat.PEFT),
      new Suffix(".oft_s", LoraRole.OFT_LENGTHS, KeyFormat.PEFT),
      new Suffix(".boft_R", LoraRole.BOFT_MATRICES, KeyFormat.PEFT),
      new Suffix(".boft_s", LoraRole.BOFT_LENGTHS, KeyFormat.PEFT),
      new Suffix(".ia3_l", LoraRole.CHANNEL_FACTOR, KeyFormat.PEFT),
      new Suffix(LowRankEnding.KOHYA.down(), LoraRole.DOWN, KeyFormat.KOHYA),
      new Suffix(LowRankEnding.KOHYA.up(), LoraRole.UP, KeyFormat.KOHYA),
      new Suffix(".lora_mid.weight", LoraRole.MID, KeyFormat.KOHYA),
      new Suffix(LowRankEnding.DIFFUSERS.down(), LoraRole.DOWN, KeyFormat.DIFFUSERS),
      new Suffix(LowRankEnding.DIFFUSERS.up(), LoraRole.UP, KeyFormat.DIFFUSERS),
      new Suffix(LowRankEnding.DIFFUSERS_LAYER.down(), LoraRole.DOWN, KeyFormat.DIFFUSERS),
      new Suffix(LowRankEnding.DIFFUSERS_LAYER.up(), LoraRole.UP, KeyFormat.DIFFUSERS),
      new Suffix(
          LowRankEnding.ATTENTION_PROCESSOR.down(), LoraRole.DOWN, KeyFormat.ATTENTION_PROCESSOR),
      new Suffix(
          LowRankEnding.ATTENTION_PROCESSOR.up(), LoraRole.UP, KeyFormat.ATTENTION_PROCESSOR),
      suffix("hada_w1_a", LoraRole.HADA_W1_A),
      suffix("hada_w1_b", LoraRole.HADA_W1_B),
      suffix("hada_w2_a", LoraRole.HADA_W2_A),
      suffix("hada_w2_b", LoraRole.HADA_W2_B),
      suffix("hada_t1", LoraRole.HADA_T1),
      suffix("hada_t2", LoraRole.HADA_T2),
      suffix("lokr_w1", LoraRole.LOKR_W1),
      suffix("lokr_w1_a", LoraRole.LOKR_W1_A),
      suffix("lokr_w1_b", LoraRole.LOKR_W1_B),
      suffix("lokr_w2", LoraRole.LOKR_W2),
      suffix("lokr_w2_a", LoraRole.LOKR_W2_A),
      suffix("lokr_w2_b", LoraRole.LOKR_W2_B),
      suffix("lokr_t2", LoraRole.LOKR_T2),
      suffix("a1.weight", LoraRole.A1),
      suffix("a2.weight", LoraRole.A2),
      suffix("b1.weight", LoraRole.B1),
      suffix("b2.weight", LoraRole.B2),
      suffix("bm.weight", LoraRole.BM),
      suffix("diff", LoraRole.DIFF),
      suffix("diff_b", LoraRole.DIFF_B),
      suffix("set_weight", LoraRole.SET),
      suffix("set_bias", LoraRole.SET_B),
      suffix("w_norm", LoraRole.W_NORM),
      suffix("b_norm", LoraRole.B_NORM),
      suffix("oft_blocks", LoraRole.OFT_BLOCKS),
      suffix("oft_diag", LoraRole.OFT_BLOCKS),
      suffix("rescale", LoraRole.RESCALE),
      new Suffix(IA3_SUFFIX, LoraRole.CHANNEL_SCALE, null),
      new Suffix(ON_INPUT_SUFFIX, LoraRole.ON_INPUT, null),
      suffix("reshape_weight", LoraRole.RESHAPE),
      suffix("dora_scale", LoraRole.MAGNITUDE),
      new Suffix(LowRankEnding.ALPHA, LoraRole.ALPHA, null),
      new Suffix(".scale", LoraRole.SET, KeyFormat.PEFT));

  private static final Pattern NAMED_ADAPTER = Pattern.compile(
      "(.+\\.(?:lora_[ABE]|lora_embedding_[AB]|lora_magnitude_vector|b?oft_[Rrs]|ia3_l|oft_blocks"
          + "|(?:hada|lokr)_[wt][12](?:_[ab])?))\\.[^.]+(\\.weight)?");

  private static Suffix suffix(String text, LoraRole role) {
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
  static Optional<KeyEnding> split(String key) {
    for (Suffix ending : SUFFIXES) {
      if (key.endsWith(ending.text)) {
        String stem = key.substring(0, key.length() - ending.text.length());
        return Optional.of(new KeyEnding(withoutUnderscores(stem), ending.role, ending.keyFormat));
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
  private static Optional<KeyEnding> splitFullTensor(String key) {
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
        : Optional.of(new KeyEnding(wrapped, bias ? LoraRole.SET_B : LoraRole.SET, KeyFormat.PEFT));
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
   * Returns the ending of the key that this was split from, or an equivalent ending that fits any
   * name.
   */
  String suffix(String key) {
    return role == LoraRole.SET
        ? ".set_weight"
        : role == LoraRole.SET_B ? ".set_bias" : key.substring(stem.length());
  }
}
