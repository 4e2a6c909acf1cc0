package dev.likeness.vault.key;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;

/**
 * The application's key, which encrypts (wraps) the keys of subjects. Implement the two methods
 * with a key management service, or use a key from a file or an environment variable.
 * Implementations must be thread-safe.
 */
public interface WrappingKey {
  /** The smallest length of a passphrase, in characters. */
  int MIN_PASSPHRASE_LENGTH = 12;

  /**
   * Encrypts a key.
   *
   * @param key 32 bytes
   * @param context bytes that a later {@link #unwrap} must receive too; not secret
   * @return the wrapped key
   */
  byte[] wrap(byte[] key, byte[] context);

  /**
   * Decrypts a wrapped key.
   *
   * @param wrapped the result of {@link #wrap}
   * @param context the context given to {@link #wrap}
   * @return the key, 32 bytes
   * @throws InvalidInputException if the wrapped key was made with another key or context
   */
  byte[] unwrap(byte[] wrapped, byte[] context);

  /**
   * Reads a key from a file: 32 bytes in Base64.
   *
   * @param file the key file
   * @return the key
   * @throws InvalidInputException if the file cannot be read or does not contain 32 bytes in Base64
   */
  static WrappingKey ofFile(Path file) {
    return AesKey.KeyText.of(file);
  }

  /**
   * Reads a key from an environment variable: 32 bytes in Base64.
   *
   * @param variable the name of the variable
   * @return the key
   * @throws InvalidInputException if the variable is not set or does not contain 32 bytes in Base64
   */
  static WrappingKey ofEnvironment(String variable) {
    return AesKey.KeyText.of(variable);
  }

  /**
   * Creates a file with a new random key. On POSIX file systems, only the file's owner can read it.
   *
   * @param file the file to create
   * @return the key
   * @throws InvalidInputException if the file exists
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  static WrappingKey createFile(Path file) {
    return AesKey.KeyText.create(file);
  }

  /**
   * Creates a file with a new random key that only a passphrase opens. The key of the passphrase is
   * derived by Argon2id (RFC 9106) with 64 MiB of memory, so that guessing is slow. The file can
   * lie beside the store. If the passphrase is lost, the data is lost.
   *
   * @param file the file to create
   * @param passphrase the passphrase, at least {@value #MIN_PASSPHRASE_LENGTH} characters; its
   *     array is not kept
   * @return the key
   * @throws InvalidInputException if the file exists, or the passphrase is too short
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  static WrappingKey createFile(Path file, char[] passphrase) {
    return PassphraseKey.create(file, passphrase);
  }

  /**
   * Reads a key from a file that a passphrase opens. This takes a part of a second.
   *
   * @param file the key file
   * @param passphrase the passphrase; its array is not kept
   * @return the key
   * @throws InvalidInputException if the file cannot be read, is damaged or needs no passphrase, or
   *     the passphrase is wrong
   */
  static WrappingKey ofFile(Path file, char[] passphrase) {
    return PassphraseKey.of(file, passphrase);
  }

  /**
   * {@return true if a key file needs a passphrase; false if it does not, or cannot be read}
   *
   * @param file the key file
   */
  static boolean needsPassphrase(Path file) {
    return PassphraseKey.isProtected(file);
  }

  /**
   * {@return a key that refuses to wrap and unwrap} A store that is opened with it can only list,
   * erase and purge subjects.
   */
  static WrappingKey none() {
    return new AbsentKey();
  }

  /** Refuses to wrap or unwrap keys. */
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
          "the store was opened without its key, which is needed to read or write its data; "
              + "give the key");
    }
  }
}
