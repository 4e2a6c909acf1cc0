package dev.likeness.provenance.c2pa;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.Optional;

/** The digests that C2PA names (specification 2.1, 13.1). */
final class Hashes {
  static final String DEFAULT = "sha256";
  private static final Map<String, String> NAMES =
      Map.of(DEFAULT, "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");

  private Hashes() {}

  /** A digest called {@code name} in a manifest; empty for those that C2PA does not know. */
  static Optional<MessageDigest> named(Object name) {
    return name instanceof String text
        ? Optional.ofNullable(NAMES.get(text)).map(Hashes::digest)
        : Optional.empty();
  }

  /** The digest of {@code bytes} that new manifests use. */
  static byte[] sha256(byte[] bytes) {
    return digest(NAMES.get(DEFAULT)).digest(bytes);
  }

  private static MessageDigest digest(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + name, e);
    }
  }
}
