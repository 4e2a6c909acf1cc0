package dev.likeness.diffusion.internal.text;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * T5's tokenizer: ids equal to those of transformers' {@code T5Tokenizer} with
 * {@code padding="max_length"} and {@code truncation=True}. Thread-safe; needs no network.
 *
 * <p>The pipeline is always transformers' own (character map, split at white space, pieces that
 * begin a word marked {@code ▁}), whatever the folder says. Source: transformers 5,
 * {@code models/t5/tokenization_t5.py}.
 */
public final class T5Tokenizer implements AutoCloseable {
  private static final String WORD = "\u2581";
  private static final int UNKNOWN = 2;

  private final String source;
  private final NativeTokenizer code;
  private final int end;
  private final int pad;

  private T5Tokenizer(T5Vocabulary vocabulary) {
    source = vocabulary.source();
    end = vocabulary.id("</s>");
    pad = vocabulary.id("<pad>");
    code = NativeTokenizer.build(source, document(vocabulary));
  }

  /**
   * Opens the tokenizer in {@code folder}: {@code tokenizer.json}, or {@code spiece.model}.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when both are missing or the one is
   *     broken
   * @throws dev.likeness.diffusion.error.ResourceLimitException when the native library does not
   *     load
   */
  public static T5Tokenizer open(Path folder) {
    return new T5Tokenizer(T5Vocabulary.read(folder));
  }

  /** The prompt as {@code length} ids: as many of its own as fit, end, padding. */
  public int[] encode(String prompt, int length) {
    int[] own = ids(prompt);
    int fitting = Math.min(own.length, length - 1);
    int[] padded = new int[length];
    Arrays.fill(padded, pad);
    System.arraycopy(own, 0, padded, 0, fitting);
    padded[fitting] = end;
    return padded;
  }

  /** How many ids of {@link #encode} are not padding. */
  public int count(String prompt, int length) {
    return Math.min(ids(prompt).length, length - 1) + 1;
  }

  /** The words at the end of the prompt that {@link #encode} leaves out; empty when all fit. */
  public String cut(String prompt, int length) {
    int[] own = ids(prompt);
    return own.length <= length - 1
        ? ""
        : code.decode(Arrays.copyOfRange(own, length - 1, own.length)).strip();
  }

  /** Every id of the text, however long, without end and padding. */
  public int[] ids(String text) {
    return code.ids(text);
  }

  private static Map<String, Object> document(T5Vocabulary vocabulary) {
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
}
