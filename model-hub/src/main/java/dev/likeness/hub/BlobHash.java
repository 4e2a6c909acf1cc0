package dev.likeness.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The digest that an ETag of the hub is: SHA-256 of a large file (64 hexadecimal digits), or the id
 * of a git blob (40 digits), which is SHA-1 of {@code "blob " + length + "\0"} and the bytes.
 */
final class BlobHash {
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern GIT = Pattern.compile("[0-9a-f]{40}");

  private final MessageDigest digest;

  private BlobHash(MessageDigest digest) {
    this.digest = digest;
  }

  /** Returns true if an ETag is a digest. */
  static boolean isDigest(String etag) {
    return SHA_256.matcher(etag).matches() || GIT.matcher(etag).matches();
  }

  /** Returns a digest of the kind of {@code etag} for a file of {@code size} bytes. */
  static BlobHash like(String etag, long size) {
    try {
      if (SHA_256.matcher(etag).matches()) {
        return new BlobHash(MessageDigest.getInstance("SHA-256"));
      }
      MessageDigest git = MessageDigest.getInstance("SHA-1");
      git.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      return new BlobHash(git);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  void update(ByteBuffer bytes) {
    digest.update(bytes);
  }

  /** Adds the content of a file. */
  BlobHash update(Path file, Runnable check) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 20];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        check.run();
        digest.update(buffer, 0, read);
      }
    }
    return this;
  }

  /** Returns the digest in hexadecimal digits, and begins again. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns true if a file is the one that {@code etag} names. */
  static boolean matches(Path file, String etag, Runnable check) throws IOException {
    return like(etag, Files.size(file)).update(file, check).hex().equals(etag);
  }
}
