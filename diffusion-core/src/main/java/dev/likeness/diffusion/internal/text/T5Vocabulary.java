package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.text.SentencePieceModel.Piece;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables of T5's unigram code.
 *
 * @param source the file they came from
 * @param pieces in the order of their ids
 * @param normalizer the precompiled character map in base 64, or null
 * @param added tokens that are matched before the code runs, as {@code tokenizer.json} writes them
 */
record T5Vocabulary(String source, List<Piece> pieces, String normalizer, List<Map<?, ?>> added) {
  private static final String WHOLE = "tokenizer.json";
  private static final int SENTINELS = 100;

  /** Reads {@code tokenizer.json}, or else {@code spiece.model}. */
  static T5Vocabulary read(Path folder) {
    TokenizerFiles files = TokenizerFiles.read(folder);
    if (files.has(WHOLE)) {
      return fromTokenizerJson(files);
    }
    return fromSentencePiece(files
        .pieces()
        .orElseThrow(() -> new InvalidInputException(
            folder + " holds no T5 tokenizer; expected tokenizer.json or spiece.model")));
  }

  private static T5Vocabulary fromTokenizerJson(TokenizerFiles files) {
    Path file = files.path(WHOLE);
    Map<String, Object> document = BpeVocabulary.object(files, WHOLE);
    if (!(document.get("model") instanceof Map<?, ?> model)
        || !(model.get("vocab") instanceof List<?> entries)) {
      throw new InvalidInputException(
          file + " holds no unigram code; expected \"model\" with a list \"vocab\", as T5's has");
    }
    List<Piece> pieces = new ArrayList<>(entries.size());
    for (Object entry : entries) {
      if (!(entry instanceof List<?> pair)
          || pair.size() != 2
          || !(pair.get(0) instanceof String text)
          || !(pair.get(1) instanceof Number score)) {
        throw new InvalidInputException(
            file + ": piece " + pieces.size() + " is " + entry + ", expected a text and its score");
      }
      pieces.add(new Piece(text, score.doubleValue()));
    }
    List<Map<?, ?>> added = new ArrayList<>();
    if (document.get("added_tokens") instanceof List<?> tokens) {
      tokens.stream().filter(Map.class::isInstance).forEach(token -> added.add((Map<?, ?>) token));
    }
    return new T5Vocabulary(
        file.toString(), pieces, characterMap(document.get("normalizer")), added);
  }

  private static String characterMap(Object normalizer) {
    if (normalizer instanceof Map<?, ?> one) {
      return one.get("normalizers") instanceof List<?> several
          ? several.stream()
              .map(T5Vocabulary::characterMap)
              .filter(map -> map != null)
              .findFirst()
              .orElse(null)
          : one.get("precompiled_charsmap") instanceof String map ? map : null;
    }
    return null;
  }

  // The file lacks the 100 sentinels that follow the pieces, the last of them first.
  private static T5Vocabulary fromSentencePiece(Path file) {
    SentencePieceModel model = SentencePieceModel.read(file);
    List<Map<?, ?>> added = new ArrayList<>();
    for (int id = 0; id < Math.min(3, model.pieces().size()); id++) {
      added.add(token(id, model.pieces().get(id).text()));
    }
    for (int i = 0; i < SENTINELS; i++) {
      added.add(token(model.pieces().size() + i, "<extra_id_" + (SENTINELS - 1 - i) + ">"));
    }
    String map = model.normalizer().length == 0
        ? null
        : Base64.getEncoder().encodeToString(model.normalizer());
    return new T5Vocabulary(file.toString(), model.pieces(), map, added);
  }

  private static Map<String, Object> token(int id, String content) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", id);
    token.put("content", content);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
    token.put("special", true);
    return token;
  }

  /** The id of the piece {@code text}. */
  int id(String text) {
    for (int id = 0; id < pieces.size(); id++) {
      if (pieces.get(id).text().equals(text)) {
        return id;
      }
    }
    throw new InvalidInputException(
        source + " has no piece \"" + text + "\"; it is not T5's tokenizer");
  }
}
