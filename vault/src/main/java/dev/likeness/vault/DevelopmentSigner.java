package dev.likeness.vault;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.List;

/**
 * Signs receipts if an application has no certificate. The key is derived from a public text, like
 * that of the development certificate of {@code likeness-provenance}. So receipts are the same with
 * and without that module.
 */
final class DevelopmentSigner {
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
