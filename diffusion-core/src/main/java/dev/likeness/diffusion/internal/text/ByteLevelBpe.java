package dev.likeness.diffusion.internal.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds CLIP's tokenizer out of its tables: the pipeline is always transformers' own (NFC, white
 * space to one space, lower case, CLIP's split, byte-level byte-pair code that ends a word with
 * {@code </w>}), whatever the folder says.
 *
 * <p>Source: {@code CLIPTokenizer} of transformers 5, {@code models/clip/tokenization_clip.py}.
 */
final class ByteLevelBpe {
  private static final String SPLIT =
      "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
          + "|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private ByteLevelBpe() {}

  static NativeTokenizer build(BpeVocabulary vocabulary, SpecialTokens tokens) {
    return NativeTokenizer.build(vocabulary.source(), document(vocabulary, tokens));
  }

  private static Map<String, Object> document(BpeVocabulary vocabulary, SpecialTokens tokens) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", "1.0");
    document.put("added_tokens", tokens.entries());
    document.put(
        "normalizer",
        Map.of(
            "type",
            "Sequence",
            "normalizers",
            List.of(
                Map.of("type", "NFC"),
                Map.of("type", "Replace", "pattern", Map.of("Regex", "\\s+"), "content", " "),
                Map.of("type", "Lowercase"))));
    document.put(
        "pre_tokenizer",
        Map.of(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(
                Map.of(
                    "type",
                    "Split",
                    "pattern",
                    Map.of("Regex", SPLIT),
                    "behavior",
                    "Removed",
                    "invert",
                    true),
                Map.of(
                    "type",
                    "ByteLevel",
                    "add_prefix_space",
                    false,
                    "trim_offsets",
                    true,
                    "use_regex",
                    true))));
    document.put(
        "decoder",
        Map.of(
            "type",
            "ByteLevel",
            "add_prefix_space",
            true,
            "trim_offsets",
            true,
            "use_regex",
            true));
    Map<String, Object> model = new LinkedHashMap<>(vocabulary.model());
    model.put("unk_token", tokens.named().get("unk_token"));
    model.put("end_of_word_suffix", "</w>");
    document.put("model", model);
    return document;
  }
}
