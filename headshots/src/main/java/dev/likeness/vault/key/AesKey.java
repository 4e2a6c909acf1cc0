package dev.likeness.vault.key;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.likeness.diffusion.error.InvalidInputException;
import java.security.GeneralSecurityException;

/** Wraps by AES-256-GCM. */
final class AesKey implements WrappingKey {
  private final AesGcmJce cipher;

  AesKey(byte[] key) throws GeneralSecurityException {
    cipher = new AesGcmJce(key);
  }

  @Override
  public byte[] wrap(byte[] key, byte[] context) {
    try {
      return cipher.encrypt(key, context);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("a key that cannot be wrapped", e);
    }
  }

  @Override
  public byte[] unwrap(byte[] wrapped, byte[] context) {
    try {
      return cipher.decrypt(wrapped, context);
    } catch (GeneralSecurityException e) {
      throw new InvalidInputException(
          "the key does not open it: it is kept under another one, or its key file was changed; give the key "
              + "that the person was taken in under (verify names all whom a key does not open)",
          e);
    }
  }
}
