package dev.likeness.vault.key;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;

/**
 * The application's key, which encrypts (wraps) the keys of subjects. Implement the two methods
 * with a key management service, or use a key from a file or the environment. Implementations are
 * safe for threads.
 */
public interface WrappingKey {
  /**
   * Encrypts a key.
   *
   * @param key 32 bytes
   * @param context must be the same for unwrapping; not secret
   * @return the wrapped key
   */
  byte[] wrap(byte[] key, byte[] context);

  /**
   * Decrypts a wrapped key.
   *
   * @param wrapped the result of {@link #wrap}
   * @param context the context given to {@link #wrap}
   * @return the key, 32 bytes
   * @throws InvalidInputException if it was wrapped with another key or context
   */
  byte[] unwrap(byte[] wrapped, byte[] context);

  /**
   * Reads a key from a file: 32 bytes in Base64.
   *
   * @throws InvalidInputException if the file cannot be read or has another content
   */
  static WrappingKey ofFile(Path file) {
    return AesKey.KeyText.of(file);
  }

  /** Reads a key from an environment variable: 32 bytes in Base64. */
  static WrappingKey ofEnvironment(String variable) {
    return AesKey.KeyText.of(variable);
  }

  /**
   * Creates a file with a new random key, readable by its owner only where the file system supports
   * that.
   */
  static WrappingKey createFile(Path file) {
    return AesKey.KeyText.create(file);
  }

  /** Returns no key: listing, erasing and purging work, everything else is refused. */
  static WrappingKey none() {
    return new AbsentKey();
  }

  /** Refuses. */
  static final class AbsentKey implements WrappingKey {
    @Override
    public byte[] wrap(byte[] key, byte[] context) {
      throw refusal();
    }

    @Override
    public byte[] unwrap(byte[] wrapped, byte[] context) {
      throw refusal();
    }

    private static InvalidInputException refusal() {
      return new InvalidInputException(
          "the store was opened without its key, which is needed to read or write what it holds; "
              + "give the key");
    }
  }
}
