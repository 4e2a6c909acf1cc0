package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Arrays;
import java.util.Map;

/**
 * The tokenizer of Qwen's language models: ids equal to those of transformers'
 * {@code Qwen2Tokenizer}. Thread-safe; needs no network.
 *
 * <p>The pipeline is always that of transformers (NFC, Qwen's split, byte-level byte-pair
 * encoding); settings in the folder are ignored. Source: transformers 5,
 * {@code models/qwen2/tokenization_qwen2.py}.
 */
public final class QwenTokenizer implements PromptTokenizer {
  private static final String SPLIT =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String EMPTY_THINKING = "<think>\n\n</think>\n\n";
  private static final String TURN_END = "<|im_end|>";
  private static final String CONFIG = "tokenizer_config.json";
  /** A word in the chat template of every Qwen3 model, but not of older ones. */
  private static final String TEMPLATE = "enable_thinking";

  private final String source;
  private final NativeTokenizer code;
  private final int pad;

  private QwenTokenizer(BpeVocabulary tables, SpecialTokens tokens) {
    source = tables.source();
    code = NativeTokenizer.build(source, document(tables, tokens));
    pad = tokens.id("pad_token");
  }

  /**
   * Opens a tokenizer: {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}, and
   * other tokenizer files beside them.
   *
   * @throws InvalidInputException if a file is missing or broken, or the chat template is not
   *     Qwen3's
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the native library does not load
   */
  public static QwenTokenizer of(TokenizerFiles files) {
    BpeVocabulary tables = BpeVocabulary.read(files);
    Map<String, Object> config = files.has(CONFIG) ? BpeVocabulary.object(files, CONFIG) : Map.of();
    Object template = files.has("chat_template.jinja")
        ? files.text("chat_template.jinja")
        : config.get("chat_template");
    if (template instanceof String text && !text.contains(TEMPLATE)) {
      throw new InvalidInputException(files.folder() + ": the chat template does not contain \""
          + TEMPLATE + "\", which the template of Qwen3 contains; give the model's own tokenizer");
    }
    if ("left".equals(config.get("padding_side"))) {
      throw new InvalidInputException(
          files.folder() + ": padding_side is \"left\"; only \"right\" is supported");
    }
    return new QwenTokenizer(tables, SpecialTokens.read(files, tables, SpecialTokens.QWEN));
  }

  /**
   * The ids of a prompt as a user message in Qwen3's chat template.
   *
   * @param thinking true if the template enables thinking
   */
  public int[] encodePrompt(String prompt, boolean thinking) {
    return ids("<|im_start|>user\n" + prompt + TURN_END + "\n<|im_start|>assistant\n"
        + (thinking ? "" : EMPTY_THINKING));
  }

  /** The end of the prompt beyond {@code tokens} of {@link #encodePrompt}; empty if it fits. */
  public String truncatedText(String prompt, boolean thinking, int tokens) {
    int[] all = encodePrompt(prompt, thinking);
    String lost =
        all.length <= tokens ? "" : code.decode(Arrays.copyOfRange(all, tokens, all.length));
    return lost.substring(0, Math.max(0, lost.lastIndexOf(TURN_END))).strip();
  }

  /**
   * Checks that each id has a row in the token embedding of a text encoder.
   *
   * @param rows the number of rows
   * @throws InvalidInputException if an id lies beyond the rows
   */
  public void requireRows(int[] ids, int rows) {
    code.requireRows(ids, rows);
  }

  /** Returns all ids of the text, without truncation. */
  public int[] ids(String text) {
    return code.ids(text);
  }

  /** Returns the padding id. */
  public int pad() {
    return pad;
  }

  private static Map<String, Object> document(BpeVocabulary tables, SpecialTokens tokens) {
    Map<String, Object> bytes = ByteLevelDocument.bytes(false, false);
    return ByteLevelDocument.of(
        tables,
        tokens,
        Map.of("type", "NFC"),
        ByteLevelDocument.split(SPLIT, "Isolated", false),
        bytes,
        bytes,
        Map.of("end_of_word_suffix", ""));
  }

  /** Frees the native tables; a second call does nothing. */
  @Override
  public void close() {
    code.close();
  }

  @Override
  public String toString() {
    return "Qwen tokenizer " + source;
  }
}
