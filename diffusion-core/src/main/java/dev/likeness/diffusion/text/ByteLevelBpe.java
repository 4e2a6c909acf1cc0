package dev.likeness.diffusion.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.error.UnusableInput;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds CLIP's tokenizer out of its tables: the pipeline is always transformers' own (NFC, white space to one space,
 * lower case, CLIP's split, byte-level byte-pair code that ends a word with {@code </w>}), whatever the folder says.
 *
 * <p>Source: {@code CLIPTokenizer} of transformers 5, {@code models/clip/tokenization_clip.py}.
 */
final class ByteLevelBpe {
  private static final String SPLIT = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
      + "|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  private static final Map<String, String> WHOLE =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

  private ByteLevelBpe() {}

  static HuggingFaceTokenizer build(ClipVocabulary vocabulary, SpecialTokens tokens) {
    try {
      InputStream json = new ByteArrayInputStream(JSON.std.asBytes(document(vocabulary, tokens)));
      return Offline.call(() -> HuggingFaceTokenizer.newInstance(json, WHOLE));
    } catch (LinkageError | EngineException e) {
      throw new MachineLimit("the tokenizer's native library did not load (" + e.getMessage()
          + "); it exists for Linux (x86-64, ARM), macOS (ARM) and Windows (x86-64), and is unpacked to ~/.djl.ai,"
          + " which DJL_CACHE_DIR moves", e);
    } catch (IOException | RuntimeException e) {
      throw new UnusableInput(vocabulary.source() + " is not a usable tokenizer: " + e.getMessage()
          + "; download the tokenizer's files again", e);
    }
  }

  private static Map<String, Object> document(ClipVocabulary vocabulary, SpecialTokens tokens) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", "1.0");
    document.put("added_tokens", tokens.added().stream().map(ByteLevelBpe::entry).toList());
    document.put("normalizer", Map.of("type", "Sequence", "normalizers", List.of(
        Map.of("type", "NFC"),
        Map.of("type", "Replace", "pattern", Map.of("Regex", "\\s+"), "content", " "),
        Map.of("type", "Lowercase"))));
    document.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(
        Map.of("type", "Split", "pattern", Map.of("Regex", SPLIT), "behavior", "Removed", "invert", true),
        Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true))));
    document.put("decoder",
        Map.of("type", "ByteLevel", "add_prefix_space", true, "trim_offsets", true, "use_regex", true));
    document.put("model", Map.of("type", "BPE", "unk_token", tokens.named().get("unk_token"),
        "continuing_subword_prefix", "", "end_of_word_suffix", "</w>", "fuse_unk", false, "byte_fallback", false,
        "ignore_merges", false, "vocab", vocabulary.ids(), "merges", vocabulary.merges()));
    return document;
  }

  private static Map<String, Object> entry(SpecialTokens.Added token) {
    return Map.of("id", token.id(), "content", token.content(), "special", token.special(),
        "single_word", token.singleWord(), "lstrip", token.lstrip(), "rstrip", token.rstrip(),
        "normalized", token.normalized());
  }
}
