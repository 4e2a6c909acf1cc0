package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * CLIP's tokenizer: ids equal to those of transformers' {@code CLIPTokenizer} with
 * {@code padding="max_length"} and {@code truncation=True}. Thread-safe; needs no network.
 */
public final class ClipTokenizer implements PromptTokenizer {
  /** The vocabulary size of CLIP's tokenizer. */
  public static final int CLIP_VOCABULARY = 49408;

  /** An id that is larger than those of any tokenizer. */
  private static final int BEYOND_VOCABULARY = 1 << 30;

  private final String source;
  private final NativeTokenizer code;
  private final int begin;
  private final int end;
  private final int pad;
  private final int maxLength;
  private final Optional<KnownWords> knownWords;

  private ClipTokenizer(
      BpeVocabulary vocabulary, SpecialTokens tokens, Optional<KnownWords> knownWords) {
    this.knownWords = knownWords;
    source = vocabulary.source();
    code = ByteLevelBpe.build(vocabulary, tokens);
    begin = tokens.id("bos_token");
    end = tokens.id("eos_token");
    pad = tokens.id("pad_token");
    maxLength = tokens.maxLength();
  }

  /**
   * Opens the tokenizer in {@code folder}: {@code tokenizer.json}, or {@code vocab.json} and
   * {@code merges.txt}; and {@code tokenizer_config.json} and {@code special_tokens_map.json} if
   * they exist.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a file is missing or broken
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the native library does not load
   */
  public static ClipTokenizer open(Path folder) {
    return of(TokenizerFiles.read(folder));
  }

  /** Opens a tokenizer whose files are in memory; see {@link #open}. */
  public static ClipTokenizer of(TokenizerFiles files) {
    BpeVocabulary vocabulary = BpeVocabulary.read(files);
    return new ClipTokenizer(
        vocabulary,
        SpecialTokens.read(files, vocabulary, SpecialTokens.CLIP),
        KnownWords.read(files));
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

  /** Returns the number of ids of {@link #encode}; 77 for every published model. */
  public int maxLength() {
    return maxLength;
  }

  /** Returns the id that begins a prompt. */
  public int begin() {
    return begin;
  }

  /** Returns the id that ends a prompt. */
  public int end() {
    return end;
  }

  /** Returns the padding id: the end id, or 0 for SD 2.x and the second encoder of SDXL. */
  public int pad() {
    return pad;
  }

  /**
   * Encodes a prompt as {@link #maxLength()} ids: begin, the prompt, end, padding. A long prompt is
   * truncated.
   */
  public int[] encode(String prompt) {
    int[] own = ids(prompt);
    int fitting = Math.min(own.length, maxLength - 2);
    int[] padded = new int[maxLength];
    Arrays.fill(padded, pad);
    padded[0] = begin;
    System.arraycopy(own, 0, padded, 1, fitting);
    padded[fitting + 1] = end;
    return padded;
  }

  /**
   * Returns the truncated end of a plain prompt, in lower case; empty if it fits.
   *
   * @param words the textual inversions that the prompt may name
   */
  public String truncatedText(String prompt, List<TextualInversion> words) {
    return new PromptChunker(this, words, BEYOND_VOCABULARY).truncatedText(prompt);
  }

  /**
   * Returns the words of a prompt that the text encoder was not trained on, in lower case; empty if
   * the tokenizer does not declare the words of its training.
   *
   * @param inversions the textual inversions that the prompt may name; their tokens are known
   */
  public List<String> unknownWords(
      String prompt, PromptSyntax syntax, List<TextualInversion> inversions) {
    return knownWords
        .map(known -> known.unknownWords(prompt, syntax, inversions))
        .orElse(List.of());
  }

  /** Returns all ids of the text, without begin, end, padding and truncation. */
  public int[] ids(String text) {
    return code.ids(text);
  }

  /** Decodes ids; words are separated by one space. */
  public String decode(int[] ids) {
    return code.decode(ids).replace("</w>", " ").strip();
  }

  /** Frees the native tables; a second call does nothing. */
  @Override
  public void close() {
    code.close();
  }

  @Override
  public String toString() {
    return "CLIP tokenizer " + source;
  }

  /**
   * Builds CLIP's tokenizer from its tables. The pipeline is always that of transformers (NFC,
   * white space to one space, lower case, CLIP's split, byte-level byte-pair encoding with
   * {@code </w>} at the end of a word); settings in the folder's files are ignored.
   *
   * <p>Source: {@code CLIPTokenizer} of transformers 5, {@code models/clip/tokenization_clip.py}.
   */
  static final class ByteLevelBpe {
    static final String SPLIT = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
        + "|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

    private ByteLevelBpe() {}

    static NativeTokenizer build(BpeVocabulary vocabulary, SpecialTokens tokens) {
      return NativeTokenizer.build(vocabulary.source(), document(vocabulary, tokens));
    }

    private static Map<String, Object> document(BpeVocabulary vocabulary, SpecialTokens tokens) {
      Map<String, Object> normalizer = Map.of(
          "type",
          "Sequence",
          "normalizers",
          List.of(
              Map.of("type", "NFC"),
              Map.of("type", "Replace", "pattern", Map.of("Regex", "\\s+"), "content", " "),
              Map.of("type", "Lowercase")));
      Map<String, Object> model = new LinkedHashMap<>();
      model.put("unk_token", tokens.contents().get("unk_token"));
      model.put("end_of_word_suffix", "</w>");
      return ByteLevelDocument.of(
          vocabulary,
          tokens,
          normalizer,
          ByteLevelDocument.split(SPLIT, "Removed", true),
          ByteLevelDocument.bytes(false, true),
          ByteLevelDocument.bytes(true, true),
          model);
    }
  }
}
