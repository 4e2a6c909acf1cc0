package dev.likeness.vault.internal.file;

import com.google.crypto.tink.subtle.AesGcmHkdfStreaming;
import com.google.crypto.tink.subtle.AesSiv;
import com.google.crypto.tink.subtle.Hkdf;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Optional;

/**
 * The ciphers of one vault, all from one key of 32 bytes: contents by Tink's streaming AEAD
 * (AES256-GCM-HKDF, segments of 4 KiB), names by AES-SIV, which gives the same name the same cipher
 * text and so lets files be found by it. Both are bound to the vault they belong to. Immutable.
 */
final class VaultCipher {
  static final int KEY_BYTES = 32;

  private static final String MAC = "HmacSha256";
  // The JVM compiles its cipher after so many calls: with long segments that takes a gigabyte, with
  // these 20 MiB.
  private static final int SEGMENT_BYTES = 1 << 12;
  private static final int SIV_KEY_BYTES = 64;

  private final AesGcmHkdfStreaming contents;
  private final AesSiv names;
  private final byte[] context;

  VaultCipher(byte[] key, String place) {
    this.context = place.getBytes(StandardCharsets.UTF_8);
    try {
      contents = new AesGcmHkdfStreaming(
          deriveKey(key, "contents", KEY_BYTES), MAC, KEY_BYTES, SEGMENT_BYTES, 0);
      names = new AesSiv(deriveKey(key, "names", SIV_KEY_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("a vault's key has 32 bytes, given " + key.length, e);
    }
  }

  private static byte[] deriveKey(byte[] key, String use, int size)
      throws GeneralSecurityException {
    return Hkdf.computeHkdf(
        MAC, key, new byte[0], ("likeness vault " + use).getBytes(StandardCharsets.UTF_8), size);
  }

  OutputStream encrypt(OutputStream out) throws IOException {
    try {
      return contents.newEncryptingStream(out, context);
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot encrypt", e);
    }
  }

  SeekableByteChannel decrypt(SeekableByteChannel in) throws IOException {
    try {
      return contents.newSeekableDecryptingChannel(in, context);
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot decrypt", e);
    }
  }

  /** What a file called {@code name} is called on disk. */
  String encryptName(String name) {
    try {
      byte[] bytes = names.encryptDeterministically(name.getBytes(StandardCharsets.UTF_8), context);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("a name that cannot be encrypted", e);
    }
  }

  /** The name of a file on disk; empty for files that are not of this vault. */
  Optional<String> decryptName(String hidden) {
    try {
      byte[] bytes = names.decryptDeterministically(Base64.getUrlDecoder().decode(hidden), context);
      return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
