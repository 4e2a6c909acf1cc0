package dev.likeness.diffusion.internal.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The document ({@code tokenizer.json}) of a tokenizer that splits a text by a pattern and encodes
 * the bytes of each piece by pairs.
 */
final class ByteLevelDocument {
  private ByteLevelDocument() {}

  /**
   * Returns the document.
   *
   * @param normalizer what is done to a text before it is split
   * @param split how it is split, see {@link #split}
   * @param bytes how pieces become bytes, see {@link #bytes}
   * @param decoder how bytes become a text again, see {@link #bytes}
   * @param model settings of the model that replace those of the vocabulary's file
   */
  static Map<String, Object> of(
      BpeVocabulary vocabulary,
      SpecialTokens tokens,
      Map<String, Object> normalizer,
      Map<String, Object> split,
      Map<String, Object> bytes,
      Map<String, Object> decoder,
      Map<String, Object> model) {
    Map<String, Object> whole = new LinkedHashMap<>(vocabulary.model());
    whole.putAll(model);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", "1.0");
    document.put("added_tokens", tokens.entries());
    document.put("normalizer", normalizer);
    document.put(
        "pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(split, bytes)));
    document.put("decoder", decoder);
    document.put("model", whole);
    return document;
  }

  /**
   * Returns a split by a pattern.
   *
   * @param behavior {@code Isolated} to keep what matches as pieces, {@code Removed} to drop it
   * @param isInverted true if the pattern describes the pieces instead of what is between them
   */
  static Map<String, Object> split(String pattern, String behavior, boolean isInverted) {
    return Map.of(
        "type",
        "Split",
        "pattern",
        Map.of("Regex", pattern),
        "behavior",
        behavior,
        "invert",
        isInverted);
  }

  /**
   * Returns the encoding of pieces as bytes.
   *
   * @param addsSpace true to put a space before a text
   * @param usesRegex true to split by the pattern of GPT-2 too
   */
  static Map<String, Object> bytes(boolean addsSpace, boolean usesRegex) {
    return Map.of(
        "type",
        "ByteLevel",
        "add_prefix_space",
        addsSpace,
        "trim_offsets",
        true,
        "use_regex",
        usesRegex);
  }
}
