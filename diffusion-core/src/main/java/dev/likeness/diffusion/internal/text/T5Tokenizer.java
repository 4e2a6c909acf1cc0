package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.text.SentencePieceModel.Piece;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * T5's tokenizer: ids equal to those of transformers' {@code T5Tokenizer} with
 * {@code padding="max_length"} and {@code truncation=True}. Thread-safe; needs no network.
 *
 * <p>The pipeline is always that of transformers (character map, split at white space, {@code ▁}
 * before the first piece of a word); settings in the folder's files are ignored. Source:
 * transformers 5, {@code models/t5/tokenization_t5.py}.
 */
public final class T5Tokenizer implements AutoCloseable {
  private static final String WORD = "\u2581";
  private static final int UNKNOWN = 2;

  private final String source;
  private final NativeTokenizer code;
  private final int end;
  private final int pad;

  private T5Tokenizer(Vocabulary vocabulary) {
    source = vocabulary.source();
    end = vocabulary.id("</s>");
    pad = vocabulary.id("<pad>");
    Set<String> texts = vocabulary.pieces().stream().map(Piece::text).collect(Collectors.toSet());
    code = NativeTokenizer.build(source, document(vocabulary), texts, texts.size());
  }

  /**
   * Opens the tokenizer in {@code folder}: {@code tokenizer.json}, or {@code spiece.model}.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if both are missing or one is broken
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the native library does not load
   */
  public static T5Tokenizer open(Path folder) {
    return new T5Tokenizer(Vocabulary.read(folder));
  }

  /**
   * Encodes a prompt as {@code length} ids: the prompt, end, padding. A long prompt is truncated.
   */
  public int[] encode(String prompt, int length) {
    int[] own = ids(prompt);
    int fitting = Math.min(own.length, length - 1);
    int[] padded = new int[length];
    Arrays.fill(padded, pad);
    System.arraycopy(own, 0, padded, 0, fitting);
    padded[fitting] = end;
    return padded;
  }

  /** The number of ids of {@link #encode} that are not padding. */
  public int count(String prompt, int length) {
    return Math.min(ids(prompt).length, length - 1) + 1;
  }

  /** The end of the prompt that {@link #encode} truncates; empty if it fits. */
  public String truncatedText(String prompt, int length) {
    int[] own = ids(prompt);
    return own.length <= length - 1
        ? ""
        : code.decode(Arrays.copyOfRange(own, length - 1, own.length)).strip();
  }

  /** Returns all ids of the text, without end, padding and truncation. */
  public int[] ids(String text) {
    return code.ids(text);
  }

  /** Checks that a text encoder with {@code rows} embeddings fits this tokenizer. */
  public void requireRows(int rows) {
    code.requireRows(rows);
  }

  private static Map<String, Object> document(Vocabulary vocabulary) {
    Map<String, Object> words =
        Map.of("type", "Metaspace", "replacement", WORD, "prepend_scheme", "always", "split", true);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", "1.0");
    document.put("added_tokens", vocabulary.added());
    if (vocabulary.normalizer() != null) {
      document.put(
          "normalizer",
          Map.of("type", "Precompiled", "precompiled_charsmap", vocabulary.normalizer()));
    }
    document.put(
        "pre_tokenizer",
        Map.of(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(Map.of("type", "WhitespaceSplit"), words)));
    document.put("decoder", words);
    document.put(
        "model",
        Map.of(
            "type",
            "Unigram",
            "unk_id",
            UNKNOWN,
            "byte_fallback",
            false,
            "vocab",
            vocabulary.pieces().stream()
                .map(piece -> List.of(piece.text(), piece.score()))
                .toList()));
    return document;
  }

  /** Frees the native tables; a second call does nothing. */
  @Override
  public void close() {
    code.close();
  }

  @Override
  public String toString() {
    return "T5 tokenizer " + source;
  }

  /**
   * The tables of T5's unigram model.
   *
   * @param source the file they came from
   * @param pieces in the order of their ids
   * @param normalizer the precompiled character map in base 64, or null
   * @param added tokens that are matched before encoding, as {@code tokenizer.json} writes them
   */
  record Vocabulary(String source, List<Piece> pieces, String normalizer, List<Map<?, ?>> added) {
    private static final String WHOLE = "tokenizer.json";
    private static final int SENTINELS = 100;

    Vocabulary {
      SentencePieceModel.check(pieces, source);
      if (pieces.size() <= UNKNOWN) {
        throw new InvalidInputException(source + " has " + pieces.size()
            + " pieces, expected those of T5; download the tokenizer's files again");
      }
      if (normalizer != null) {
        SentencePieceModel.CharacterMap map =
            new SentencePieceModel.CharacterMap(source, bytes(source, normalizer));
        map.check();
        added.forEach(token -> requireKept(source, map, token));
      }
    }

    // The native library stops on a token whose normalised text is empty.
    private static void requireKept(
        String source, SentencePieceModel.CharacterMap map, Map<?, ?> token) {
      if (Boolean.TRUE.equals(token.get("normalized"))
          && token.get("content") instanceof String content
          && !map.keeps(content)) {
        throw new InvalidInputException(source + ": the normalizer changes the added token "
            + Quoted.of(content) + ", which is not supported; set its \"normalized\" to false");
      }
    }

    private static byte[] bytes(String source, String map) {
      try {
        return Base64.getDecoder().decode(map);
      } catch (IllegalArgumentException e) {
        throw new InvalidInputException(
            source + ": the normalizer's precompiled_charsmap is no base 64; download the"
                + " tokenizer's files again",
            e);
      }
    }

    /** Reads {@code tokenizer.json}, or else {@code spiece.model}. */
    static Vocabulary read(Path folder) {
      TokenizerFiles files = TokenizerFiles.read(folder);
      if (files.has(WHOLE)) {
        return fromTokenizerJson(files);
      }
      return fromSentencePiece(files
          .pieces()
          .orElseThrow(() -> new InvalidInputException(
              folder + " has no T5 tokenizer; expected tokenizer.json or spiece.model")));
    }

    private static Vocabulary fromTokenizerJson(TokenizerFiles files) {
      Path file = files.path(WHOLE);
      Map<String, Object> document = BpeVocabulary.object(files, WHOLE);
      if (!(document.get("model") instanceof Map<?, ?> model)
          || !(model.get("vocab") instanceof List<?> entries)) {
        throw new InvalidInputException(
            file + " has no unigram model; expected \"model\" with a list \"vocab\", as T5's has");
      }
      List<Piece> pieces = new ArrayList<>(entries.size());
      for (Object entry : entries) {
        if (!(entry instanceof List<?> pair)
            || pair.size() != 2
            || !(pair.get(0) instanceof String text)
            || !(pair.get(1) instanceof Number score)) {
          throw new InvalidInputException(
              file + ": piece " + pieces.size() + " is " + Quoted.of(String.valueOf(entry))
                  + ", expected a text and its score; download the tokenizer's files again");
        }
        pieces.add(new Piece(text, score.doubleValue()));
      }
      List<Map<?, ?>> added = new ArrayList<>();
      if (document.get("added_tokens") instanceof List<?> tokens) {
        tokens.stream()
            .filter(Map.class::isInstance)
            .forEach(token -> added.add((Map<?, ?>) token));
      }
      return new Vocabulary(
          file.toString(), pieces, characterMap(document.get("normalizer")), added);
    }

    private static String characterMap(Object normalizer) {
      if (normalizer instanceof Map<?, ?> one) {
        return one.get("normalizers") instanceof List<?> several
            ? several.stream()
                .map(Vocabulary::characterMap)
                .filter(map -> map != null)
                .findFirst()
                .orElse(null)
            : one.get("precompiled_charsmap") instanceof String map ? map : null;
      }
      return null;
    }

    // The file lacks the 100 sentinels after the pieces, which are in descending order.
    private static Vocabulary fromSentencePiece(Path file) {
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
      return new Vocabulary(file.toString(), model.pieces(), map, added);
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
      throw new InvalidInputException(source + " has no piece \"" + text
          + "\", so it is not T5's tokenizer; give T5's tokenizer");
    }
  }
}
