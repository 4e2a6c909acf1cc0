package dev.likeness.diffusion.internal.text;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of CLIP's tokenizer, made from its merges alone: symbols are numbered bytes, bytes that
 * end a word, merges in their order, begin and end.
 *
 * <p>Source: {@code bytes_to_unicode} and {@code SimpleTokenizer} of mlfoundations/open_clip
 * {@code tokenizer.py}.
 */
final class ClipVocabulary {
  private static final String BEGIN = "<|startoftext|>";
  private static final String END = "<|endoftext|>";

  private ClipVocabulary() {}

  static TokenizerFiles files(String merges, String pad) {
    try {
      Map<String, Object> named = Map.of(
          "bos_token",
          token(BEGIN),
          "eos_token",
          token(END),
          "unk_token",
          token(END),
          "pad_token",
          pad);
      Map<String, Object> config = new LinkedHashMap<>(named);
      config.put("add_prefix_space", false);
      config.put("do_lower_case", true);
      config.put("errors", "replace");
      config.put("model_max_length", 77);
      config.put("tokenizer_class", "CLIPTokenizer");
      return new TokenizerFiles(
          Path.of("(built-in CLIP tokenizer)"),
          Map.of(
              "vocab.json",
              JSON.std.asString(ids(merges)),
              "merges.txt",
              "#version: 0.2\n" + merges,
              "special_tokens_map.json",
              JSON.std.asString(named),
              "tokenizer_config.json",
              JSON.std.asString(config)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> token(String content) {
    return Map.of(
        "content",
        content,
        "lstrip",
        false,
        "normalized",
        true,
        "rstrip",
        false,
        "single_word",
        false);
  }

  private static Map<String, Integer> ids(String merges) {
    List<String> bytes = bytes();
    Map<String, Integer> ids = new LinkedHashMap<>();
    bytes.forEach(symbol -> ids.put(symbol, ids.size()));
    bytes.forEach(symbol -> ids.put(symbol + "</w>", ids.size()));
    merges.lines().forEach(pair -> ids.put(pair.replace(" ", ""), ids.size()));
    ids.put(BEGIN, ids.size());
    ids.put(END, ids.size());
    return ids;
  }

  /** A visible character for each byte: itself where it is visible, else one from 256 on. */
  private static List<String> bytes() {
    List<String> visible = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      boolean shown = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
      if (shown) {
        visible.add(Character.toString(b));
      } else {
        others.add(Character.toString(256 + others.size()));
      }
    }
    visible.addAll(others);
    return visible;
  }
}
