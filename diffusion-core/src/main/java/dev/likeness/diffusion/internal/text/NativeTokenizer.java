package dev.likeness.diffusion.internal.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.LongStream;

/** A tokenizer of the native library. Thread-safe; the caller adds begin, end and padding. */
final class NativeTokenizer implements AutoCloseable {
  private static final Map<String, String> WHOLE =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

  private final String source;
  private final HuggingFaceTokenizer code;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;

  private NativeTokenizer(String source, HuggingFaceTokenizer code) {
    this.source = source;
    this.code = code;
  }

  /**
   * Builds the tokenizer of a {@code tokenizer.json} given as a map; {@code source} names it in
   * errors.
   */
  static NativeTokenizer build(String source, Map<String, Object> document) {
    try {
      InputStream json = new ByteArrayInputStream(JSON.std.asBytes(document));
      return new NativeTokenizer(
          source, Offline.call(() -> HuggingFaceTokenizer.newInstance(json, WHOLE)));
    } catch (LinkageError | EngineException e) {
      throw new ResourceLimitException(
          "the tokenizer's native library did not load (" + e.getMessage()
              + "); it exists for Linux (x86-64, ARM), macOS (ARM) and Windows (x86-64), and is"
              + " unpacked to ~/.djl.ai,"
              + " which DJL_CACHE_DIR moves",
          e);
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          source + " is not a usable tokenizer: " + e.getMessage()
              + "; download the tokenizer's files again",
          e);
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
        throw new IllegalStateException("the tokenizer " + source + " is closed");
      }
      return reading.apply(code);
    } finally {
      use.readLock().unlock();
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
