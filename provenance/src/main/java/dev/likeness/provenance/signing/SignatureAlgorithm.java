package dev.likeness.provenance.signing;

import dev.likeness.diffusion.internal.signing.KeyAlgorithm;
import java.security.Key;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Optional;

/**
 * Signature algorithms that C2PA allows (specification 2.1, section 13.2.1), with their COSE
 * numbers (RFC 9053, RFC 8230).
 */
public enum SignatureAlgorithm {
  /** ECDSA with SHA-256, for keys on P-256. */
  ES256(-7),
  /** ECDSA with SHA-384, for keys on P-384. */
  ES384(-35),
  /** ECDSA with SHA-512, for keys on P-521. */
  ES512(-36),
  /** RSASSA-PSS with SHA-256, for RSA keys of at least 2048 bits. */
  PS256(-37),
  /** RSASSA-PSS with SHA-384; for verification. {@link #of} never returns this algorithm. */
  PS384(-38),
  /** RSASSA-PSS with SHA-512; for verification. {@link #of} never returns this algorithm. */
  PS512(-39),
  /**
   * Ed25519 (EdDSA). This is the only deterministic algorithm here: equal messages give equal
   * signatures.
   */
  ED25519(-8);

  private final int cose;
  private final KeyAlgorithm signing = KeyAlgorithm.valueOf(name());

  SignatureAlgorithm(int cose) {
    this.cose = cose;
  }

  /** {@return the number of the algorithm in COSE headers, such as -7} */
  public int cose() {
    return cose;
  }

  /**
   * Finds an algorithm by its COSE number.
   *
   * @param number a number from a COSE header
   * @return the algorithm; empty if C2PA allows no algorithm with this number
   */
  public static Optional<SignatureAlgorithm> ofCose(long number) {
    return Arrays.stream(values()).filter(algorithm -> algorithm.cose == number).findFirst();
  }

  /**
   * Returns the algorithm that a key signs with.
   *
   * @param key a public or private key
   * @return the algorithm for the key's type and size
   * @throws IllegalArgumentException if C2PA has no algorithm for this kind of key, or an RSA key
   *     has fewer than 2048 bits
   */
  public static SignatureAlgorithm of(Key key) {
    return valueOf(KeyAlgorithm.of(key, "content credentials").name());
  }

  /**
   * Signs a message.
   *
   * @param key a private key of this algorithm
   * @param message the bytes to sign
   * @return the signature; for ECDSA in IEEE P1363 format, as COSE requires
   * @throws IllegalArgumentException if the key is of another type
   */
  public byte[] sign(PrivateKey key, byte[] message) {
    return signing.sign(key, message);
  }

  /**
   * Verifies a signature.
   *
   * @param key a public key of any algorithm
   * @param message the signed bytes
   * @param signed the signature
   * @return true if the signature is valid for message and key; false also for a key of another
   *     type. The curve and the length of the key are not checked
   */
  public boolean verify(PublicKey key, byte[] message, byte[] signed) {
    return signing.verify(key, message, signed);
  }
}
