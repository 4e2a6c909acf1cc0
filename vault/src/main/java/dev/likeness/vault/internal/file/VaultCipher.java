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
 * The ciphers of one vault, derived from one key of 32 bytes. Contents use Tink's streaming AEAD
 * (AES256-GCM-HKDF, segments of 4 KiB). Names use AES-SIV, which is deterministic, so that a file
 * can be found by its name. Both are bound to the vault by associated data, and contents to their
 * name too, so that files cannot be exchanged. Immutable.
 */
final class VaultCipher {
  static final int KEY_BYTES = 32;

  private static final String MAC = "HmacSha256";
  // The JVM compiles its cipher only after many calls. Long segments need 1 GB of data until then,
  // these 20 MiB.
  private static final int SEGMENT_BYTES = 1 << 12;
  private static final int SIV_KEY_BYTES = 64;

  private final AesGcmHkdfStreaming contents;
  private final AesSiv names;
  private final String place;
  private final boolean bindsNames;

  VaultCipher(byte[] key, String place) {
    this(key, place, true);
  }

  /**
   * Creates the ciphers of a vault.
   *
   * @param bindsNames false for vaults of version 0.1.0, whose contents were not bound to names
   */
  VaultCipher(byte[] key, String place, boolean bindsNames) {
    this.place = place;
    this.bindsNames = bindsNames;
    try {
      contents = new AesGcmHkdfStreaming(
          deriveKey(key, "contents", KEY_BYTES), MAC, KEY_BYTES, SEGMENT_BYTES, 0);
      names = new AesSiv(deriveKey(key, "names", SIV_KEY_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the key of a vault must have 32 bytes, got " + key.length, e);
    }
  }

  private static byte[] deriveKey(byte[] key, String use, int size)
      throws GeneralSecurityException {
    return Hkdf.computeHkdf(
        MAC, key, new byte[0], ("likeness vault " + use).getBytes(StandardCharsets.UTF_8), size);
  }

  /** Encrypts the content of the file {@code name}, which starts at the root. */
  OutputStream encrypt(OutputStream out, String name) throws IOException {
    try {
      return contents.newEncryptingStream(out, context(bindsNames ? name : ""));
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot encrypt a file of the vault: " + e.getMessage(), e);
    }
  }

  /** Decrypts the content of the file {@code name}; reads fail if it was encrypted for another. */
  SeekableByteChannel decrypt(SeekableByteChannel in, String name) throws IOException {
    try {
      return contents.newSeekableDecryptingChannel(in, context(bindsNames ? name : ""));
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot decrypt a file of the vault: " + e.getMessage(), e);
    }
  }

  /** Returns the name on disk of a file. */
  String encryptName(String name) {
    try {
      byte[] bytes =
          names.encryptDeterministically(name.getBytes(StandardCharsets.UTF_8), context(""));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "cannot encrypt a file name of the vault: " + e.getMessage(), e);
    }
  }

  /** Returns the plain name of a file on disk; empty for files that do not belong to this vault. */
  Optional<String> decryptName(String hidden) {
    try {
      byte[] bytes =
          names.decryptDeterministically(Base64.getUrlDecoder().decode(hidden), context(""));
      return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private byte[] context(String name) {
    return (place + name).getBytes(StandardCharsets.UTF_8);
  }
}
