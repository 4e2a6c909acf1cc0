package dev.likeness.diffusion.internal.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * A tokenizer of the native library. Thread-safe; the caller adds begin, end and padding. The
 * library stops the process on some faults, so the tables are checked before it sees them.
 */
final class NativeTokenizer implements AutoCloseable {
  private static final Map<String, String> WHOLE =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

  private static final List<String> FLAGS =
      List.of("special", "single_word", "lstrip", "rstrip", "normalized");
  private static final int MOST_ADDED = 1 << 15;
  private static final int LONGEST_ADDED = 1024;

  private final String source;
  private final long ids;
  private final HuggingFaceTokenizer code;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;

  private NativeTokenizer(String source, long ids, HuggingFaceTokenizer code) {
    this.source = source;
    this.ids = ids;
    this.code = code;
  }

  /**
   * Builds the tokenizer of a {@code tokenizer.json} given as a map.
   *
   * @param source what errors call it
   * @param symbols the texts in the document's model
   * @param size a number above the ids of all symbols
   * @throws InvalidInputException if an added token is no token, or the library refuses the tables
   */
  static NativeTokenizer build(
      String source, Map<String, Object> document, Set<String> symbols, long size) {
    List<?> added = (List<?>) document.get("added_tokens");
    checkAdded(source, added);
    long fresh = added.stream()
        .filter(token -> !symbols.contains(((Map<?, ?>) token).get("content")))
        .count();
    long ids = Math.max(size, symbols.size()) + fresh;
    try {
      InputStream json = new ByteArrayInputStream(JSON.std.asBytes(document));
      return new NativeTokenizer(
          source, ids, Offline.call(() -> HuggingFaceTokenizer.newInstance(json, WHOLE)));
    } catch (LinkageError | EngineException e) {
      throw new ResourceLimitException(
          "the tokenizer's native library did not load (" + e.getMessage()
              + "); it exists for Linux (x86-64, ARM), macOS (ARM) and Windows (x86-64), and is"
              + " unpacked to ~/.djl.ai,"
              + " which DJL_CACHE_DIR moves",
          e);
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          source + " is not a usable tokenizer: " + Quoted.of(String.valueOf(e.getMessage()))
              + "; download the tokenizer's files again",
          e);
    }
  }

  private static void checkAdded(String source, List<?> added) {
    Set<Object> contents = new HashSet<>();
    for (Object entry : added) {
      Map<?, ?> token = (Map<?, ?>) entry;
      boolean valid = token.get("content") instanceof String text
          && !text.isEmpty()
          && text.length() <= LONGEST_ADDED
          && contents.add(text)
          && token.get("id") instanceof Integer id
          && id >= 0
          && FLAGS.stream().allMatch(flag -> token.get(flag) instanceof Boolean)
          && added.size() <= MOST_ADDED;
      if (!valid) {
        throw new InvalidInputException(source + ": the added token "
            + Quoted.of(String.valueOf(token.get("content")))
            + " is empty, there twice, or not whole; download the tokenizer's files again");
      }
    }
  }

  /**
   * Checks that a text encoder fits this tokenizer.
   *
   * @param rows the number of rows of its token embedding
   * @throws InvalidInputException if an id lies beyond the rows, or more than half of the rows have
   *     no id
   */
  void requireRows(int rows) {
    if (ids > rows || ids < rows / 2) {
      throw new InvalidInputException(source + " has " + ids + " tokens, its text encoder has "
          + rows + "; give the tokenizer that the text encoder was trained with");
    }
  }

  /** Returns all ids of the text, without begin, end and padding. */
  int[] ids(String text) {
    long[] ids =
        locked(tokens -> tokens.encode(wholeCharacters(text), false, false).getIds());
    return LongStream.of(ids).mapToInt(Math::toIntExact).toArray();
  }

  /** Decodes ids with the tokenizer's own decoder. */
  String decode(int[] ids) {
    long[] wide = java.util.Arrays.stream(ids).asLongStream().toArray();
    return locked(tokens -> tokens.decode(wide, false));
  }

  private <T> T locked(Function<HuggingFaceTokenizer, T> reading) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer " + source + " is closed; open it again");
      }
      return apply(reading);
    } finally {
      use.readLock().unlock();
    }
  }

  private <T> T apply(Function<HuggingFaceTokenizer, T> reading) {
    try {
      return reading.apply(code);
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          source + " cannot encode the prompt; download the tokenizer's files again", e);
    }
  }

  // Half a surrogate pair has no UTF-8 form.
  private static String wholeCharacters(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> Character.getType(c) == Character.SURROGATE ? 0xFFFD : c)
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

  /**
   * Keeps DJL offline while a tokenizer is created: otherwise it searches for CUDA, downloads
   * native libraries and reports its use. The settings are system properties of DJL and are
   * restored afterwards; a user's own values are kept.
   */
  static final class Offline {
    private static final Map<String, String> SETTINGS = new TreeMap<>(
        Map.of("ai.djl.offline", "true", "OPT_OUT_TRACKING", "true", "RUST_FLAVOR", "cpu"));

    private Offline() {}

    static synchronized <T> T call(Callable<T> making) {
      Map<String, String> changed = new TreeMap<>();
      SETTINGS.forEach((name, value) -> {
        if (System.getProperty(name) == null && System.getenv(name) == null) {
          changed.put(name, value);
          System.setProperty(name, value);
        }
      });
      try {
        return making.call();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e.getMessage(), e);
      } finally {
        changed.keySet().forEach(System::clearProperty);
      }
    }
  }
}
