package dev.likeness.diffusion.internal.signing;

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

/**
 * The signature algorithms of content credentials (C2PA 2.1, 13.2.1), chosen by the key. Receipts
 * of erasures are signed with the same algorithms. Signatures of ECDSA have the form {@code r || s}
 * of IEEE P1363.
 */
public enum KeyAlgorithm {
  ES256("SHA256withECDSAinP1363Format", 0),
  ES384("SHA384withECDSAinP1363Format", 0),
  ES512("SHA512withECDSAinP1363Format", 0),
  PS256("RSASSA-PSS", 256),
  PS384("RSASSA-PSS", 384),
  PS512("RSASSA-PSS", 512),
  ED25519("Ed25519", 0);

  private static final int MIN_RSA_BITS = 2048;

  private final String jdkName;
  private final int pssBits;

  KeyAlgorithm(String jdkName, int pssBits) {
    this.jdkName = jdkName;
    this.pssBits = pssBits;
  }

  /**
   * Returns the algorithm that a key signs with.
   *
   * @param use what is signed, at the beginning of the message
   * @throws IllegalArgumentException if there is none for the kind and size of the key
   */
  public static KeyAlgorithm of(Key key, String use) {
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
        use + " need an EC key on P-256, P-384 or P-521, an RSA key of at least " + MIN_RSA_BITS
            + " bits, or an Ed25519 key, got "
            + name + (bits > 0 ? " with " + bits + " bits" : ""));
  }

  /**
   * Returns the signature of {@code message}.
   *
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
   * Returns true if {@code signed} is the signature of {@code message}; false also for a key of
   * another type. The curve and the length of the key are not checked.
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
    Signature signature = Signature.getInstance(jdkName);
    if (pssBits > 0) {
      String hash = "SHA-" + pssBits;
      signature.setParameter(
          new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), pssBits / Byte.SIZE, 1));
    }
    return signature;
  }
}
