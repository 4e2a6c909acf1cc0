package dev.likeness.diffusion.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * CLIP's tokenizer: ids equal to those of transformers' {@code CLIPTokenizer} with {@code padding="max_length"} and
 * {@code truncation=True}. Thread-safe; needs no network.
 */
public final class ClipTokenizer implements AutoCloseable {
  private final String source;
  private final HuggingFaceTokenizer code;
  private final int begin;
  private final int end;
  private final int pad;
  private final int maxLength;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;

  private ClipTokenizer(ClipVocabulary vocabulary, SpecialTokens tokens) {
    source = vocabulary.source();
    code = ByteLevelBpe.build(vocabulary, tokens);
    begin = tokens.id("bos_token");
    end = tokens.id("eos_token");
    pad = tokens.id("pad_token");
    maxLength = tokens.maxLength();
  }

  /**
   * Opens the tokenizer in {@code folder}: {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}; and
   * {@code tokenizer_config.json} and {@code special_tokens_map.json} where they are there.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when a file is missing or broken
   * @throws dev.likeness.diffusion.error.MachineLimit when the native library does not load
   */
  public static ClipTokenizer open(Path folder) {
    ClipVocabulary vocabulary = ClipVocabulary.read(folder);
    return new ClipTokenizer(vocabulary, SpecialTokens.read(folder, vocabulary));
  }

  /** The number of ids that {@link #encode} gives, 77 for every published model. */
  public int maxLength() {
    return maxLength;
  }

  /** The id that begins a prompt. */
  public int begin() {
    return begin;
  }

  /** The id that ends a prompt. */
  public int end() {
    return end;
  }

  /** The id that fills up a short prompt: the end again, or 0 for SD 2.x and the second encoder of SDXL. */
  public int pad() {
    return pad;
  }

  /** The prompt as {@link #maxLength()} ids: begin, as many of its own as fit, end, padding. */
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

  /** The words at the end of the prompt that {@link #encode} leaves out, in lower case; empty when all fit. */
  public String cut(String prompt) {
    int[] own = ids(prompt);
    return own.length <= maxLength - 2 ? "" : decode(Arrays.copyOfRange(own, maxLength - 2, own.length));
  }

  /** Every id of the text, however long, without begin, end and padding. */
  public int[] ids(String text) {
    long[] ids = locked(() -> code.encode(wholeCharacters(text), false, false).getIds());
    return LongStream.of(ids).mapToInt(Math::toIntExact).toArray();
  }

  /** The text of some ids, words separated by one space. */
  public String decode(int[] ids) {
    long[] wide = Arrays.stream(ids).asLongStream().toArray();
    return locked(() -> code.decode(wide, false)).replace("</w>", " ").strip();
  }

  private <T> T locked(Supplier<T> reading) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer " + source + " is closed");
      }
      return reading.get();
    } finally {
      use.readLock().unlock();
    }
  }

  // Half a surrogate pair has no UTF-8 form.
  private static String wholeCharacters(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints().map(c -> Character.getType(c) == Character.SURROGATE ? 0xFFFD : c)
        .forEach(whole::appendCodePoint);
    return whole.toString();
  }

  /** Frees the native tables; a second call does nothing. */
  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        code.close();
      }
    } finally {
      use.writeLock().unlock();
    }
  }

  @Override
  public String toString() {
    return "CLIP tokenizer " + source;
  }
}
