package dev.likeness.provenance.signing;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * The signatures that C2PA admits (specification 2.1, 13.2.1), with their COSE numbers (RFC 9053,
 * RFC 8230).
 */
public enum SignatureAlgorithm {
  ES256(-7, "SHA256withECDSAinP1363Format", 0),
  ES384(-35, "SHA384withECDSAinP1363Format", 0),
  ES512(-36, "SHA512withECDSAinP1363Format", 0),
  PS256(-37, "RSASSA-PSS", 256),
  PS384(-38, "RSASSA-PSS", 384),
  PS512(-39, "RSASSA-PSS", 512),
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

  /** Its number in COSE headers. */
  public int cose() {
    return cose;
  }

  /** The algorithm of this COSE number. */
  public static Optional<SignatureAlgorithm> ofCose(long number) {
    return Arrays.stream(values()).filter(algorithm -> algorithm.cose == number).findFirst();
  }

  /**
   * The algorithm that keys like {@code key} sign with.
   *
   * @throws IllegalArgumentException when C2PA admits none
   */
  public static SignatureAlgorithm of(Key key) {
    if (key instanceof ECKey curve) {
      int bits = curve.getParams().getOrder().bitLength();
      return bits <= 256 ? ES256 : bits <= 384 ? ES384 : ES512;
    }
    if (key instanceof RSAKey rsa && rsa.getModulus().bitLength() >= MIN_RSA_BITS) {
      return PS256;
    }
    if (key.getAlgorithm().equals("EdDSA") || key.getAlgorithm().equals("Ed25519")) {
      return ED25519;
    }
    throw new IllegalArgumentException(
        "content credentials are signed with EC keys on P-256, P-384 or P-521, RSA keys " + "of "
            + MIN_RSA_BITS + " bits and more, or Ed25519 keys, given " + key.getAlgorithm());
  }

  /** Signs {@code message}. */
  public byte[] sign(PrivateKey key, byte[] message) {
    try {
      Signature signature = signature();
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the key does not sign with " + this + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether {@code signed} is the signature of {@code message}; false for keys and signatures of
   * another kind.
   */
  public boolean verify(PublicKey key, byte[] message, byte[] signed) {
    try {
      Signature signature = signature();
      signature.initVerify(key);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException | RuntimeException e) {
      // A key from a file may be one that no signer has, on which providers fail in their own ways.
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
