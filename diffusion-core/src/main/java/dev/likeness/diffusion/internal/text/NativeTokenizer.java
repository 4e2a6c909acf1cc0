package dev.likeness.diffusion.internal.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.natives.SharedLibrary;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A tokenizer of the native library. Thread-safe; the caller adds begin, end and padding. The
 * library stops the process on some faults, so the tables are checked before it sees them.
 */
final class NativeTokenizer implements AutoCloseable {
  private static final List<String> FLAGS =
      List.of("special", "single_word", "lstrip", "rstrip", "normalized");
  private static final int MOST_ADDED = 1 << 15;
  private static final int LONGEST_ADDED = 1024;

  private final String source;
  private final Set<Integer> special;
  private final long handle;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;

  private NativeTokenizer(String source, Set<Integer> special, long handle) {
    this.source = source;
    this.special = special;
    this.handle = handle;
  }

  /**
   * Builds the tokenizer of a {@code tokenizer.json} given as a map.
   *
   * @param source what errors call it
   * @throws InvalidInputException if an added token is no token, or the library refuses the tables
   */
  static NativeTokenizer build(String source, Map<String, Object> document) {
    List<?> added = (List<?>) document.get("added_tokens");
    checkAdded(source, added);
    TokenizersLibrary library = library();
    try {
      long handle = library.createTokenizerFromString(JSON.std.asString(document));
      library.disableTruncation(handle);
      library.disablePadding(handle);
      return new NativeTokenizer(source, special(added), handle);
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          source + " is not a usable tokenizer: " + Quoted.of(String.valueOf(e.getMessage()))
              + "; use the tokenizer's files that were published with the model",
          e);
    }
  }

  private static TokenizersLibrary library() {
    try {
      return Library.get();
    } catch (LinkageError | EngineException e) {
      throw new ResourceLimitException(
          "the tokenizer's native library did not load ("
              + Quoted.line(String.valueOf(e.getMessage()))
              + "); use Linux or Windows on x86-64, or macOS on ARM, and if ~/.djl.ai is not"
              + " writable, set DJL_CACHE_DIR",
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
            + " is empty, too long, duplicate or incomplete, or is one of too many; use the"
            + " tokenizer's files that were published with the model");
      }
    }
  }

  private static Set<Integer> special(List<?> added) {
    return added.stream()
        .map(token -> (Map<?, ?>) token)
        .filter(token -> Boolean.TRUE.equals(token.get("special")))
        .map(token -> (Integer) token.get("id"))
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Checks the ids of a prompt before a text encoder looks them up. A text encoder may have more
   * rows than the tokenizer has tokens, and the tokenizer may have tokens that no prompt uses.
   *
   * @param rows the number of rows of the token embedding
   * @throws InvalidInputException if an id lies beyond the rows
   */
  void requireRows(int[] ids, int rows) {
    for (int id : ids) {
      if (id >= rows) {
        throw new InvalidInputException(source + ": the token " + Quoted.of(decode(new int[] {id}))
            + " has the id " + id + ", but the text encoder has only " + rows
            + " rows; give the tokenizer that the text encoder was trained with"
            + (special.contains(id) ? "" : ", or leave the token out of the prompt"));
      }
    }
  }

  /** Returns all ids of the text, without begin, end and padding. */
  int[] ids(String text) {
    long[] ids = locked(library -> {
      long encoding = library.encode(handle, wholeCharacters(text), false);
      try {
        return library.getTokenIds(encoding);
      } finally {
        library.deleteEncoding(encoding);
      }
    });
    return LongStream.of(ids).mapToInt(Math::toIntExact).toArray();
  }

  /** Decodes ids with the tokenizer's own decoder. */
  String decode(int[] ids) {
    long[] wide = java.util.Arrays.stream(ids).asLongStream().toArray();
    return locked(library -> library.decode(handle, wide, false));
  }

  private <T> T locked(Function<TokenizersLibrary, T> reading) {
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

  private <T> T apply(Function<TokenizersLibrary, T> reading) {
    try {
      return reading.apply(Library.get());
    } catch (LikenessException e) {
      // Missing natives, or cancelled work: no fault of the tokenizer's files.
      throw e;
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          source
              + " cannot encode the prompt; use the tokenizer's files that were published with the model",
          e);
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
        Library.get().deleteTokenizer(handle);
      }
    } finally {
      use.writeLock().unlock();
    }
  }

  /**
   * DJL's binding of the native library. It is used directly, because DJL's own tokenizer reports
   * its use over the network unless a system property forbids it.
   */
  private static final class Library {
    private static final String FLAVOR = "RUST_FLAVOR";
    private static TokenizersLibrary loaded;

    private Library() {}

    // Not in a static initialiser, whose error would hide the reason of a failure.
    static synchronized TokenizersLibrary get() {
      loaded = loaded == null ? load() : loaded;
      return loaded;
    }

    // Without this setting, DJL searches for CUDA and downloads another library. It can only be set
    // as a system property or in the environment, so it is set for the time of loading.
    private static TokenizersLibrary load() {
      boolean isSet = System.getProperty(FLAVOR) != null || System.getenv(FLAVOR) != null;
      if (!isSet) {
        System.setProperty(FLAVOR, "cpu");
      }
      try {
        LibUtils.checkStatus();
        return TokenizersLibrary.LIB;
      } catch (LinkageError | EngineException e) {
        if (SharedLibrary.loadCopy(e, "tokenizers", TokenizersLibrary.class)) {
          return TokenizersLibrary.LIB;
        }
        throw e;
      } finally {
        if (!isSet) {
          System.clearProperty(FLAVOR);
        }
      }
    }
  }
}
