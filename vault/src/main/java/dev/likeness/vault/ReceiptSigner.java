package dev.likeness.vault;

import dev.likeness.diffusion.internal.signing.KeyAlgorithm;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Signs receipts of erasures. An application that signs images with {@code likeness-provenance} can
 * sign receipts with the same identity: {@code ReceiptSigner.of(identity.chain(), identity::sign)}.
 */
public interface ReceiptSigner {
  /**
   * Returns the signature of a message. The key of the first certificate of {@link #chain()}
   * determines the algorithm: ECDSA as {@code r || s} (P-256 with SHA-256, P-384 with SHA-384,
   * P-521 with SHA-512), RSASSA-PSS with SHA-256, or Ed25519.
   *
   * @param message the text of a receipt in UTF-8
   * @return the signature
   */
  byte[] sign(byte[] message);

  /** {@return the signer's certificate, then the certificates of its issuers} */
  List<X509Certificate> chain();

  /**
   * Returns a signer with these certificates.
   *
   * @param chain the signer's certificate, then the certificates of its issuers
   * @param sign returns the signature of a message, in the form of {@link #sign(byte[])}
   * @return the signer
   * @throws IllegalArgumentException if {@code chain} is empty
   */
  static ReceiptSigner of(List<X509Certificate> chain, UnaryOperator<byte[]> sign) {
    return new CertifiedSigner(chain, sign);
  }

  /**
   * Returns a signer with these certificates and this key.
   *
   * @param chain the signer's certificate, then the certificates of its issuers
   * @param key the private key of the first certificate
   * @return the signer
   * @throws IllegalArgumentException if {@code chain} is empty, or {@link #sign(byte[])} has no
   *     algorithm for the type and size of the key
   */
  static ReceiptSigner of(List<X509Certificate> chain, PrivateKey key) {
    KeyAlgorithm algorithm = KeyAlgorithm.of(key, "receipts");
    return of(chain, message -> algorithm.sign(key, message));
  }

  /**
   * {@return the library's development signer} The key is public, so the signatures prove nothing
   * about the signer.
   */
  static ReceiptSigner development() {
    return DevelopmentSigner.SIGNER;
  }

  /**
   * {@return true if the signature is valid for the message and the key}
   *
   * @param key the public key of the signer
   * @param message the signed bytes
   * @param signature the signature, in the form of {@link #sign(byte[])}
   * @throws IllegalArgumentException if {@link #sign(byte[])} has no algorithm for the type and
   *     size of the key
   */
  static boolean verify(PublicKey key, byte[] message, byte[] signature) {
    return KeyAlgorithm.of(key, "receipts").verify(key, message, signature);
  }
}
