package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables of byte-pair encoding.
 *
 * @param source the file or folder they came from
 * @param ids from symbol to id
 * @param merges pairs of symbols, the first merged first
 * @param added the added tokens of {@code tokenizer.json}; empty for the two-file form
 */
record BpeVocabulary(
    String source, Map<String, Integer> ids, List<List<String>> merges, List<Map<?, ?>> added) {
  /** Reads {@code tokenizer.json}, or else {@code vocab.json} and {@code merges.txt}. */
  static BpeVocabulary read(TokenizerFiles files) {
    if (files.has("tokenizer.json")) {
      return fromTokenizerJson(files);
    }
    if (!files.has("vocab.json") || !files.has("merges.txt")) {
      throw new InvalidInputException(files.folder()
          + " has no tokenizer; expected tokenizer.json, or vocab.json and merges.txt");
    }
    Map<String, Integer> ids = ids(files.path("vocab.json"), object(files, "vocab.json"));
    List<String> lines = files
        .text("merges.txt")
        .lines()
        .filter(line -> !line.startsWith("#version"))
        .toList();
    return new BpeVocabulary(
        files.folder().toString(), ids, merges(files.path("merges.txt"), lines, ids), List.of());
  }

  private static BpeVocabulary fromTokenizerJson(TokenizerFiles files) {
    Path file = files.path("tokenizer.json");
    Map<String, Object> document = object(files, "tokenizer.json");
    if (!(document.get("model") instanceof Map<?, ?> model)
        || !(model.get("vocab") instanceof Map<?, ?> vocabulary)
        || !(model.get("merges") instanceof List<?> merges)) {
      throw new InvalidInputException(
          file
              + " has no byte-pair encoding; expected \"model\" with \"vocab\" and \"merges\","
              + " as in CLIP's tokenizer.json; use the tokenizer's files that were published with the model");
    }
    List<Map<?, ?>> added = new ArrayList<>();
    if (document.get("added_tokens") instanceof List<?> tokens) {
      tokens.stream().filter(Map.class::isInstance).forEach(token -> added.add((Map<?, ?>) token));
    }
    Map<String, Integer> ids = ids(file, vocabulary);
    return new BpeVocabulary(file.toString(), ids, merges(file, merges, ids), added);
  }

  private static Map<String, Integer> ids(Path file, Map<?, ?> symbols) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    symbols.forEach((symbol, id) -> {
      if (!(id instanceof Integer number) || number < 0) {
        throw new InvalidInputException(
            file + ": symbol " + Quoted.of(symbol.toString())
                + " has id " + (id instanceof Integer ? id : Quoted.of(String.valueOf(id)))
                + ", expected a whole number from 0; use the tokenizer's files that were published with the model");
      }
      if (symbol.toString().isEmpty()) {
        throw new InvalidInputException(file
            + " has an empty symbol; use the tokenizer's files that were published with the model");
      }
      ids.put(symbol.toString(), number);
    });
    return ids;
  }

  private static List<List<String>> merges(Path file, List<?> pairs, Map<String, Integer> ids) {
    List<List<String>> merges = new ArrayList<>(pairs.size());
    for (Object pair : pairs) {
      List<?> parts = parts(pair);
      if (parts.size() != 2
          || !(parts.get(0) instanceof String left)
          || !(parts.get(1) instanceof String right)) {
        throw new InvalidInputException(
            file + ": merge " + (merges.size() + 1) + " is " + Quoted.of(String.valueOf(pair))
                + ", expected two symbols; use the tokenizer's files that were published with the model");
      }
      for (String symbol : List.of(left, right, left + right)) {
        if (!ids.containsKey(symbol)) {
          throw new InvalidInputException(
              file + ": merge " + (merges.size() + 1) + " makes the symbol " + Quoted.of(symbol)
                  + ", which is not in the vocabulary; use the tokenizer's files that were published with the model");
        }
      }
      merges.add(List.of(left, right));
    }
    return merges;
  }

  // A pair is one text with a space in older files and a list of two texts in newer ones.
  private static List<?> parts(Object pair) {
    if (pair instanceof String line) {
      return List.of(line.split(" ", -1));
    }
    return pair instanceof List<?> list ? list : List.of();
  }

  /** Returns the model as {@code tokenizer.json} has it, without the end-of-word suffix. */
  Map<String, Object> model() {
    return Map.of(
        "type",
        "BPE",
        "continuing_subword_prefix",
        "",
        "fuse_unk",
        false,
        "byte_fallback",
        false,
        "ignore_merges",
        false,
        "vocab",
        ids,
        "merges",
        merges);
  }

  /** Reads the JSON object in the file {@code name}. */
  static Map<String, Object> object(TokenizerFiles files, String name) {
    Path file = files.path(name);
    return ModelFile.object(files.text(name), file.toString());
  }
}
