package dev.likeness.vault;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The signature algorithms of receipts: those of content credentials (C2PA 2.1, 13.2.1), chosen by
 * the key.
 */
enum ReceiptSignature {
  ES256("SHA256withECDSAinP1363Format"),
  ES384("SHA384withECDSAinP1363Format"),
  ES512("SHA512withECDSAinP1363Format"),
  PS256("RSASSA-PSS"),
  ED25519("Ed25519");

  private static final int MIN_RSA_BITS = 2048;
  private static final int SALT_BYTES = 32;

  private final String jdkName;

  ReceiptSignature(String jdkName) {
    this.jdkName = jdkName;
  }

  /**
   * Returns the algorithm for a key.
   *
   * @throws IllegalArgumentException if receipts cannot be signed with such a key
   */
  static ReceiptSignature of(Key key) {
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
        "receipts need an EC key on P-256, P-384 or P-521, an RSA key of at least " + MIN_RSA_BITS
            + " bits, or an Ed25519 key, got "
            + name + (bits > 0 ? " with " + bits + " bits" : ""));
  }

  byte[] sign(PrivateKey key, byte[] message) {
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
   * Returns true if {@code signed} is the signature of {@code message}. Returns false for keys of
   * another algorithm.
   */
  boolean verify(PublicKey key, byte[] message, byte[] signed) {
    try {
      Signature signature = signature();
      signature.initVerify(key);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException | RuntimeException e) {
      // A receipt may contain an invalid key, for which providers throw various exceptions.
      return false;
    }
  }

  private Signature signature() throws GeneralSecurityException {
    Signature signature = Signature.getInstance(jdkName);
    if (this == PS256) {
      signature.setParameter(
          new PSSParameterSpec("SHA-256", "MGF1", new MGF1ParameterSpec("SHA-256"), SALT_BYTES, 1));
    }
    return signature;
  }

  /** A signer of given certificates that leaves signing to a function. */
  record CertifiedSigner(List<X509Certificate> chain, UnaryOperator<byte[]> signFunction)
      implements ReceiptSigner {
    CertifiedSigner {
      chain = List.copyOf(chain);
      if (chain.isEmpty()) {
        throw new IllegalArgumentException(
            "a signer of receipts needs a certificate, got none; give the signer's certificate");
      }
    }

    @Override
    public byte[] sign(byte[] message) {
      return signFunction.apply(message);
    }

    /** Returns the signer's name, without the key. */
    @Override
    public String toString() {
      return chain.get(0).getSubjectX500Principal().getName();
    }
  }

  /**
   * Signs receipts if an application has no certificate. The key is derived from a public text,
   * like that of the development certificate of {@code likeness-provenance}. So receipts are the
   * same with and without that module.
   */
  static final class DevelopmentSigner {
    static final ReceiptSigner SIGNER = make();

    private DevelopmentSigner() {}

    private static ReceiptSigner make() {
      try (InputStream in = DevelopmentSigner.class.getResourceAsStream("development.pem")) {
        List<X509Certificate> chain =
            CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                .map(X509Certificate.class::cast)
                .toList();
        byte[] seed = MessageDigest.getInstance("SHA-256")
            .digest("likeness development signer".getBytes(StandardCharsets.US_ASCII));
        PrivateKey key = KeyFactory.getInstance("Ed25519")
            .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
        return ReceiptSigner.of(chain, key);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(
            "this Java cannot sign with Ed25519; use a complete Java 17 or later", e);
      } catch (IOException e) {
        throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
      }
    }
  }
}
