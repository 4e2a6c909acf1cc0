package dev.likeness.vault.key;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;

/** Wraps keys with AES-256-GCM. */
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
      throw new IllegalArgumentException(
          "cannot encrypt the key of a vault with the store's key: " + e.getMessage(), e);
    }
  }

  @Override
  public byte[] unwrap(byte[] wrapped, byte[] context) {
    try {
      return cipher.decrypt(wrapped, context);
    } catch (GeneralSecurityException e) {
      throw new InvalidInputException(
          "the data was encrypted with another key, or its wrapped key was changed; give the key "
              + "that the person was stored with (the command \"verify\" lists all people that a"
              + " key does not open)",
          e);
    }
  }

  /** Keys as Base64 text. */
  static final class KeyText {
    private static final int BYTES = 32;
    /** The longest text of a key file: the key with any number of spaces around it. */
    private static final int MAX_BYTES = 1024;

    private KeyText() {}

    static WrappingKey of(Path file) {
      // A key may come from a pipe, and a device such as /dev/zero never ends.
      try (InputStream in = Files.newInputStream(file)) {
        byte[] text = in.readNBytes(MAX_BYTES + 1);
        if (text.length > MAX_BYTES) {
          throw invalidKey(file.toString(), null);
        }
        return parse(new String(text, StandardCharsets.US_ASCII), file.toString());
      } catch (IOException e) {
        throw new InvalidInputException(
            "cannot read the key file " + file + ": " + e.getMessage()
                + "; give the key file that the store was created with",
            e);
      }
    }

    static WrappingKey of(String variable) {
      String text = System.getenv(variable);
      if (text == null) {
        throw new InvalidInputException(
            "the environment variable " + variable + " is not set; put the store's key in it");
      }
      return parse(text, "the environment variable " + variable);
    }

    static WrappingKey create(Path file) {
      byte[] key = new byte[BYTES];
      new SecureRandom().nextBytes(key);
      byte[] text =
          (Base64.getEncoder().encodeToString(key) + "\n").getBytes(StandardCharsets.US_ASCII);
      if (!AtomicFile.writeNewPrivate(file, out -> out.write(text))) {
        throw new InvalidInputException(file
            + " exists; a key is never overwritten, because the data encrypted with it would be"
            + " lost; give a new file");
      }
      return of(file);
    }

    private static WrappingKey parse(String text, String where) {
      try {
        byte[] key = Base64.getDecoder().decode(text.strip());
        if (key.length == BYTES) {
          return new AesKey(key);
        }
      } catch (IllegalArgumentException | GeneralSecurityException e) {
        throw invalidKey(where, e);
      }
      throw invalidKey(where, null);
    }

    private static InvalidInputException invalidKey(String where, Exception cause) {
      return new InvalidInputException(
          where + " does not contain a key; a key is " + BYTES
              + " bytes in Base64, as printed by openssl rand -base64 32",
          cause);
    }
  }
}
