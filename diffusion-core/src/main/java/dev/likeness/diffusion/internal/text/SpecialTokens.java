package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The special tokens of a folder and their matching rules, with the precedence of transformers 5:
 * {@code added_tokens_decoder} of {@code tokenizer_config.json}; without it,
 * {@code special_tokens_map.json}, {@code added_tokens.json} and the added tokens of
 * {@code tokenizer.json}.
 *
 * @param contents the texts of {@code bos_token}, {@code eos_token}, {@code unk_token},
 *     {@code pad_token}
 * @param added every token that is matched before byte-pair encoding, in the order of ids
 * @param maxLength ids of a padded prompt, begin and end included
 */
record SpecialTokens(Map<String, String> contents, List<Added> added, int maxLength) {
  private static final String END = "<|endoftext|>";
  /** CLIP's default special tokens. */
  static final Map<String, String> CLIP =
      Map.of("bos_token", "<|startoftext|>", "eos_token", END, "unk_token", END, "pad_token", END);
  /** Qwen's default special tokens; there is no begin token. */
  static final Map<String, String> QWEN =
      Map.of("eos_token", END, "unk_token", END, "pad_token", END);

  private static final int CLIP_LENGTH = 77;
  private static final String CONFIG = "tokenizer_config.json";
  private static final String ADDED = "added_tokens.json";

  /** One added token with the matching rules of its {@code tokenizer.json} entry. */
  record Added(
      int id,
      String content,
      boolean special,
      boolean singleWord,
      boolean lstrip,
      boolean rstrip,
      boolean normalized) {}

  static SpecialTokens read(
      TokenizerFiles files, BpeVocabulary vocabulary, Map<String, String> defaults) {
    Map<String, Object> config = objectIfPresent(files, CONFIG);
    Map<String, Object> tokens = new LinkedHashMap<>(config);
    Map<String, Map<?, ?>> rules = new LinkedHashMap<>();
    if (config.get("added_tokens_decoder") instanceof Map<?, ?> decoder) {
      Map<Long, Object> byId = new TreeMap<>();
      decoder.forEach((id, token) -> byId.put(id(files, CONFIG, id), token));
      byId.values().stream()
          .filter(Map.class::isInstance)
          .forEach(token -> addRule(rules, (Map<?, ?>) token));
    } else {
      tokens.putAll(objectIfPresent(files, "special_tokens_map.json"));
      Map<Long, String> byId = new TreeMap<>();
      objectIfPresent(files, ADDED).forEach((token, id) -> byId.put(id(files, ADDED, id), token));
      byId.values().forEach(token -> addRule(rules, Map.of("content", token)));
      vocabulary.added().forEach(token -> addRule(rules, token));
    }
    Map<String, String> named = new LinkedHashMap<>();
    defaults.keySet().stream()
        .sorted()
        .forEach(key -> named.put(key, name(tokens.get(key), defaults.get(key), rules)));
    return new SpecialTokens(named, number(rules, named, vocabulary), maxLength(config));
  }

  private static long id(TokenizerFiles files, String name, Object id) {
    String text = String.valueOf(id);
    if (!text.matches("[0-9]{1,9}")) {
      throw new InvalidInputException(
          files.path(name) + ": an added token has the id " + Quoted.of(text)
              + ", expected a whole number from 0; use the tokenizer's files that were published with the model");
    }
    return Long.parseLong(text);
  }

  private static void addRule(Map<String, Map<?, ?>> rules, Map<?, ?> token) {
    if (token.get("content") instanceof String content) {
      rules.put(content, token);
    }
  }

  // A named token without an entry in a list of added tokens is special, with its own matching
  // rules.
  private static String name(Object token, String otherwise, Map<String, Map<?, ?>> rules) {
    String content = otherwise;
    if (token instanceof String text) {
      content = text;
    } else if (token instanceof Map<?, ?> entry && entry.get("content") instanceof String text) {
      content = text;
      rules.putIfAbsent(content, entry);
    }
    rules.putIfAbsent(content, Map.of());
    return content;
  }

  private static List<Added> number(
      Map<String, Map<?, ?>> rules, Map<String, String> named, BpeVocabulary vocabulary) {
    List<Added> added = new ArrayList<>();
    int next = vocabulary.ids().size();
    for (Map.Entry<String, Map<?, ?>> rule : rules.entrySet()) {
      String content = rule.getKey();
      Map<?, ?> flags = rule.getValue();
      Integer known = vocabulary.ids().get(content);
      boolean special = named.containsValue(content) || flag(flags, "special", false);
      added.add(new Added(
          known == null ? next++ : known,
          content,
          special,
          flag(flags, "single_word", false),
          flag(flags, "lstrip", false),
          flag(flags, "rstrip", false),
          flag(flags, "normalized", !special)));
    }
    added.sort(Comparator.comparingInt(Added::id));
    return List.copyOf(added);
  }

  private static boolean flag(Map<?, ?> flags, String name, boolean fallback) {
    return flags.get(name) instanceof Boolean value ? value : fallback;
  }

  // Transformers writes 1e30 for no limit.
  private static int maxLength(Map<String, Object> config) {
    boolean usable = config.get("model_max_length") instanceof Integer length && length > 2;
    return usable ? (Integer) config.get("model_max_length") : CLIP_LENGTH;
  }

  private static Map<String, Object> objectIfPresent(TokenizerFiles files, String name) {
    return files.has(name) ? BpeVocabulary.object(files, name) : Map.of();
  }

  /** The added tokens as {@code tokenizer.json} writes them. */
  List<Map<String, Object>> entries() {
    return added.stream()
        .map(token -> Map.<String, Object>of(
            "id",
            token.id(),
            "content",
            token.content(),
            "special",
            token.special(),
            "single_word",
            token.singleWord(),
            "lstrip",
            token.lstrip(),
            "rstrip",
            token.rstrip(),
            "normalized",
            token.normalized()))
        .toList();
  }

  /** The id of a named token. */
  int id(String name) {
    String content = contents.get(name);
    return added.stream()
        .filter(token -> token.content().equals(content))
        .findFirst()
        .orElseThrow()
        .id();
  }
}
