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
 * <p>The pipeline is that of transformers (character map, split at white space, {@code ▁} before
 * the first piece of a word); settings in the folder's files are ignored. Source: transformers 5,
 * {@code models/t5/tokenization_t5.py}.
 *
 * <p>A folder of the generic class {@code PreTrainedTokenizerFast} keeps the normalizer, the
 * pre-tokenizer and the template of its {@code tokenizer.json}. Source: transformers 5,
 * {@code TokenizersBackend}.
 */
public final class T5Tokenizer implements PromptTokenizer {
  private static final String WORD = "\u2581";
  private static final int UNKNOWN = T5Vocabulary.UNKNOWN;

  private final String source;
  private final NativeTokenizer code;
  private final int end;
  private final int pad;
  private final int ends;

  private T5Tokenizer(T5Vocabulary vocabulary) {
    source = vocabulary.source();
    end = vocabulary.id("</s>");
    pad = vocabulary.id("<pad>");
    ends = vocabulary.hasEnd() ? 1 : 0;
    code = NativeTokenizer.build(source, document(vocabulary));
  }

  /**
   * Opens the tokenizer in {@code folder}: {@code tokenizer.json}, or {@code spiece.model}.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if both are missing or one is broken
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the native library does not load
   */
  public static T5Tokenizer open(Path folder) {
    return open(folder, null);
  }

  /**
   * Opens the tokenizer in {@code folder} as a model's index names it.
   *
   * @param className the class in transformers; null for that of {@code tokenizer_config.json}
   */
  public static T5Tokenizer open(Path folder, String className) {
    return new T5Tokenizer(T5Vocabulary.read(folder, className));
  }

  /**
   * Encodes a prompt as {@code length} ids: the prompt, end, padding. A long prompt is truncated.
   */
  public int[] encode(String prompt, int length) {
    int[] own = ids(prompt);
    int fitting = Math.min(own.length, length - ends);
    int[] padded = new int[length];
    Arrays.fill(padded, pad);
    System.arraycopy(own, 0, padded, 0, fitting);
    Arrays.fill(padded, fitting, fitting + ends, end);
    return padded;
  }

  /** The number of ids of {@link #encode} that are not padding. */
  public int count(String prompt, int length) {
    return Math.min(ids(prompt).length, length - ends) + ends;
  }

  /** The end of the prompt that {@link #encode} truncates; empty if it fits. */
  public String truncatedText(String prompt, int length) {
    int[] own = ids(prompt);
    return own.length <= length - ends
        ? ""
        : code.decode(Arrays.copyOfRange(own, length - ends, own.length)).strip();
  }

  /** Returns all ids of the text, without end, padding and truncation. */
  public int[] ids(String text) {
    return code.ids(text);
  }

  /**
   * Checks that each id has a row in the token embedding of a text encoder.
   *
   * @param rows the number of rows
   * @throws dev.likeness.diffusion.error.InvalidInputException if an id lies beyond the rows
   */
  public void requireRows(int[] ids, int rows) {
    code.requireRows(ids, rows);
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
    document.putAll(vocabulary.own());
    document.putIfAbsent(
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
            vocabulary.hasByteFallback(),
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
