package dev.likeness.provenance.signing;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * Signature algorithms that C2PA allows (specification 2.1, section 13.2.1), with their COSE
 * numbers (RFC 9053, RFC 8230).
 */
public enum SignatureAlgorithm {
  /** ECDSA with SHA-256, for keys on P-256. */
  ES256(-7, "SHA256withECDSAinP1363Format", 0),
  /** ECDSA with SHA-384, for keys on P-384. */
  ES384(-35, "SHA384withECDSAinP1363Format", 0),
  /** ECDSA with SHA-512, for keys on P-521. */
  ES512(-36, "SHA512withECDSAinP1363Format", 0),
  /** RSASSA-PSS with SHA-256, for RSA keys of at least 2048 bits. */
  PS256(-37, "RSASSA-PSS", 256),
  /** RSASSA-PSS with SHA-384; for verification. {@link #of} never returns this algorithm. */
  PS384(-38, "RSASSA-PSS", 384),
  /** RSASSA-PSS with SHA-512; for verification. {@link #of} never returns this algorithm. */
  PS512(-39, "RSASSA-PSS", 512),
  /**
   * Ed25519 (EdDSA). This is the only deterministic algorithm here: equal messages give equal
   * signatures.
   */
  ED25519(-8, "Ed25519", 0);

  private static final int MIN_RSA_BITS = 2048;

  private final int cose;
  private final String name;
  private final int pssBits;

  SignatureAlgorithm(int cose, String name, int pssBits) {
    this.cose = cose;
    this.name = name;
    this.pssBits = pssBits;
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
    int bits = key instanceof ECKey curve
        ? curve.getParams().getOrder().bitLength()
        : key instanceof RSAKey rsa ? rsa.getModulus().bitLength() : 0;
    if (key instanceof ECKey && (bits == 256 || bits == 384 || bits == 521)) {
      return bits == 256 ? ES256 : bits == 384 ? ES384 : ES512;
    }
    if (key instanceof RSAKey && bits >= MIN_RSA_BITS) {
      return PS256;
    }
    String name =
        key instanceof EdECKey edwards ? edwards.getParams().getName() : key.getAlgorithm();
    if (name.equals("Ed25519")) {
      return ED25519;
    }
    throw new IllegalArgumentException(
        "content credentials need an EC key on P-256, P-384 or P-521, an RSA key of at least "
            + MIN_RSA_BITS + " bits, or an Ed25519 key, got "
            + name + (bits > 0 ? " with " + bits + " bits" : ""));
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
    try {
      Signature signature = signature();
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the key cannot sign with " + this + ": " + e.getMessage() + "; give a key of this type",
          e);
    }
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
    try {
      Signature signature = signature();
      signature.initVerify(key);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException | RuntimeException e) {
      // For broken keys from a file, providers throw various RuntimeExceptions.
      return false;
    }
  }

  private Signature signature() throws GeneralSecurityException {
    Signature signature = Signature.getInstance(name);
    if (pssBits > 0) {
      String hash = "SHA-" + pssBits;
      signature.setParameter(
          new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), pssBits / Byte.SIZE, 1));
    }
    return signature;
  }
}
