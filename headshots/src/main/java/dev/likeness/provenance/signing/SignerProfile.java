package dev.likeness.provenance.signing;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What C2PA asks of a certificate that signs claims (specification 2.2, 14.4.1 and 14.5.1): it
 * issues no others, and is for signing. Receipts of erasures are held to the same.
 */
public final class SignerProfile {
  private static final List<String> ACCEPTED = List.of(
      "1.3.6.1.5.5.7.3.4",
      "1.3.6.1.5.5.7.3.36",
      "1.3.6.1.4.1.62558.2.1",
      // Microsoft's, of c2pa-rs' built-in list.
      "1.3.6.1.4.1.311.76.59.1.9");
  private static final String NAMES = "emailProtection (" + ACCEPTED.get(0) + "), documentSigning ("
      + ACCEPTED.get(1) + ") or C2PA's claimSigning (" + ACCEPTED.get(2) + ")";

  /**
   * For everything, time stamps, answers about revocation: with one of these a certificate is no
   * signer's, whatever else it is for.
   */
  private static final List<String> EXCLUDED =
      List.of("2.5.29.37.0", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9");

  private SignerProfile() {}

  /**
   * Why {@code certificate} is no signer's, to be read behind its name; empty where it may be
   * one's.
   */
  public static Optional<String> fault(X509Certificate certificate) {
    boolean[] usage = certificate.getKeyUsage();
    if (certificate.getBasicConstraints() >= 0) {
      return Optional.of(
          "is an authority's, which issues certificates; a signer's is none (CA:FALSE)");
    }
    if (usage != null && !usage[0]) {
      return Optional.of("has a key usage without digitalSignature");
    }
    try {
      List<String> purposes =
          certificate.getExtendedKeyUsage() == null ? List.of() : certificate.getExtendedKeyUsage();
      return Collections.disjoint(purposes, ACCEPTED) || !Collections.disjoint(purposes, EXCLUDED)
          ? Optional.of("has the extended key usages " + purposes + "; a signer's has " + NAMES
              + ", and none of " + EXCLUDED)
          : Optional.empty();
    } catch (CertificateParsingException e) {
      return Optional.of("has extended key usages that cannot be read");
    }
  }
}
