package dev.likeness.headshots.provenance.c2pa;

import dev.likeness.diffusion.error.UnusableInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The authorities whose word about a signer is taken.
 *
 * @param certificates root certificates, or signers trusted by themselves
 */
public record TrustAnchors(List<X509Certificate> certificates) {
  /** Nobody's word: whether a file was altered is still found out, by whom it was signed is only reported. */
  public static final TrustAnchors NONE = new TrustAnchors(List.of());

  private static final int LONGEST_CHAIN = 10;

  public TrustAnchors {
    certificates = List.copyOf(certificates);
  }

  /**
   * The certificates of a PEM file.
   *
   * @throws UnusableInput when it cannot be read
   */
  public static TrustAnchors open(Path pem) {
    try (InputStream in = Files.newInputStream(pem)) {
      return new TrustAnchors(CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
          .map(X509Certificate.class::cast).toList());
    } catch (IOException | CertificateException e) {
      throw new UnusableInput("cannot read the trusted certificates " + pem + ": " + e.getMessage(), e);
    }
  }

  /** Whether these anchors vouch for the first certificate of {@code chain}, in one or several steps. */
  public boolean vouchFor(List<X509Certificate> chain) {
    X509Certificate current = chain.get(0);
    for (int step = 0; step < LONGEST_CHAIN; step++) {
      X509Certificate signed = current;
      if (certificates.stream().anyMatch(anchor -> anchor.equals(signed) || issued(anchor, signed))) {
        return true;
      }
      X509Certificate issuer = chain.stream().filter(other -> !other.equals(signed) && issued(other, signed))
          .findFirst().orElse(null);
      if (issuer == null) {
        return false;
      }
      current = issuer;
    }
    return false;
  }

  private static boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
        || issuer.getBasicConstraints() < 0) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }
}
