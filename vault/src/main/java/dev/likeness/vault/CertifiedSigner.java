package dev.likeness.vault;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.UnaryOperator;

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
