package dev.likeness.vault.key;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;

/**
 * The application's key: wraps the small keys that files are encrypted with. Implement these two
 * methods on top of a key management service, or take a key from a file or the environment. Safe
 * for threads.
 */
public interface WrappingKey {
  /**
   * Wraps a key.
   *
   * @param key 32 bytes
   * @param context what must be given again to unwrap it; not secret
   */
  byte[] wrap(byte[] key, byte[] context);

  /**
   * The key that was wrapped.
   *
   * @throws InvalidInputException when it was wrapped by another key, or for another context
   */
  byte[] unwrap(byte[] wrapped, byte[] context);

  /**
   * A key of 32 bytes, in Base64, out of a file.
   *
   * @throws InvalidInputException when the file cannot be read or holds something else
   */
  static WrappingKey ofFile(Path file) {
    return AesKey.KeyText.of(file);
  }

  /** The same out of an environment variable. */
  static WrappingKey ofEnvironment(String variable) {
    return AesKey.KeyText.of(variable);
  }

  /** Makes a file with a new key, readable by its owner alone where the disk can do that. */
  static WrappingKey createFile(Path file) {
    return AesKey.KeyText.create(file);
  }

  /** No key: what needs none (listing, erasing, purging) works, everything else is refused. */
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
