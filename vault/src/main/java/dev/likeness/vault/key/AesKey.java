package dev.likeness.vault.key;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
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

    private KeyText() {}

    static WrappingKey of(Path file) {
      try {
        return parse(Files.readString(file, StandardCharsets.US_ASCII), file.toString());
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
      FileAttribute<?>[] own = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
      };
      boolean owners = file.getFileSystem().supportedFileAttributeViews().contains("posix");
      try {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.createFile(file, owners ? own : new FileAttribute<?>[0]);
        Files.write(file, text, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
      } catch (FileAlreadyExistsException e) {
        throw new InvalidInputException(
            file
                + " exists; a key is never overwritten, because the data encrypted with it would be"
                + " lost; give a new file",
            e);
      } catch (IOException e) {
        throw new ResourceLimitException(
            "cannot write the key " + file + ": " + e.getMessage() + "; choose another place", e);
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
