package dev.likeness.provenance.signing;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The certificates that a verifier trusts.
 *
 * @param certificates certificates of authorities, or of signers that are trusted directly
 */
public record TrustAnchors(List<X509Certificate> certificates) {
  /**
   * No trusted certificates. Alterations are still detected; the signer is reported but not
   * verified.
   */
  public static final TrustAnchors NONE = new TrustAnchors(List.of());

  private static final int MAX_CHAIN_LENGTH = 10;
  private static final int CERTIFICATE_SIGNING = 5;
  private static final List<String> TIME_STAMPING = List.of("1.3.6.1.5.5.7.3.8");

  /** Copies the list. */
  public TrustAnchors {
    certificates = List.copyOf(certificates);
  }

  /**
   * Reads trusted certificates from a PEM file.
   *
   * @param pem a file of one or more certificates
   * @return the trust anchors
   * @throws InvalidInputException if the file cannot be read or is not a PEM file of certificates
   */
  public static TrustAnchors open(Path pem) {
    try (InputStream in = Files.newInputStream(ModelFile.regular(pem))) {
      List<X509Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (found.isEmpty()) {
        throw new InvalidInputException(
            pem + " has no certificate; give a PEM file of certificates");
      }
      return new TrustAnchors(found);
    } catch (IOException | CertificateException e) {
      throw new InvalidInputException(
          "cannot read the trusted certificates " + pem + ": " + Quoted.reason(e)
              + "; give a PEM file of certificates",
          e);
    }
  }

  /**
   * Reports whether these anchors trust a signer now; see {@link #trusts(List, Instant)}.
   *
   * @param chain the signer's certificate, then other certificates in any order
   * @return true if the signer is trusted
   */
  public boolean trusts(List<X509Certificate> chain) {
    return trusts(chain, Instant.now());
  }

  /**
   * Reports whether these anchors trust a signer at a given time. A signer is trusted in two cases:
   *
   * <ul>
   *   <li>The signer's certificate is an anchor, is valid at that time, and does not belong to a
   *       certificate authority.
   *   <li>The certificate meets the {@linkplain SigningIdentity.SignerProfile requirements} for
   *       signers, and a path that is valid at that time leads to an anchor (RFC 5280, section 6).
   * </ul>
   *
   * <p>In both cases, no key or digest of the chain may be
   * {@linkplain SigningIdentity.SignerProfile#findWeakness weak}. Revocation is not checked,
   * because that needs the network.
   *
   * @param chain the signer's certificate, then other certificates in any order
   * @param time the time at which the certificates must be valid
   * @return true if the signer is trusted
   */
  public boolean trusts(List<X509Certificate> chain, Instant time) {
    X509Certificate signer = chain.get(0);
    if (SigningIdentity.SignerProfile.findWeakness(chain).isPresent()) {
      return false;
    }
    if (certificates.contains(signer) && signer.getBasicConstraints() < 0) {
      return isValidAt(signer, time);
    }
    return SigningIdentity.SignerProfile.findFault(signer).isEmpty() && hasTrustedPath(chain, time);
  }

  /**
   * Reports whether these anchors trust a time-stamping authority at the time that it attests.
   *
   * @param authority the authority's certificate, then other certificates in any order
   * @param time the attested time
   * @return true if the authority's certificate is only for time stamping, and a path that is valid
   *     at the attested time leads to an anchor
   */
  public boolean trustsTimestamp(List<X509Certificate> authority, Instant time) {
    X509Certificate clock = authority.get(0);
    try {
      return clock.getBasicConstraints() < 0
          && SigningIdentity.SignerProfile.findKeyWeakness(clock).isEmpty()
          && TIME_STAMPING.equals(clock.getExtendedKeyUsage())
          && hasTrustedPath(authority, time);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  /**
   * Reports whether a certificate is valid at a given time. Only its dates are checked.
   *
   * @param certificate any certificate
   * @param time the time
   * @return true if the time lies within the certificate's validity
   */
  public static boolean isValidAt(X509Certificate certificate, Instant time) {
    return !time.isBefore(certificate.getNotBefore().toInstant())
        && !time.isAfter(certificate.getNotAfter().toInstant());
  }

  // The chain may have any order and contain other certificates.
  private boolean hasTrustedPath(List<X509Certificate> chain, Instant time) {
    List<X509Certificate> path = new ArrayList<>(chain.subList(0, 1));
    while (path.size() <= MAX_CHAIN_LENGTH) {
      X509Certificate last = path.get(path.size() - 1);
      if (certificates.stream()
          .anyMatch(anchor -> isIssuer(anchor, last) && isValid(path, anchor, time))) {
        return true;
      }
      Optional<X509Certificate> issuer = chain.stream()
          .filter(other -> !path.contains(other) && isIssuer(other, last))
          .findFirst();
      if (issuer.isEmpty()) {
        return false;
      }
      path.add(issuer.get());
    }
    return false;
  }

  private static boolean isValid(List<X509Certificate> path, X509Certificate anchor, Instant time) {
    // Java does not check the path length constraint of an anchor.
    if (anchor.getBasicConstraints() < path.size() - 1) {
      return false;
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(time));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  private static boolean isIssuer(X509Certificate issuer, X509Certificate certificate) {
    boolean[] usage = issuer.getKeyUsage();
    if (!issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
        || issuer.getBasicConstraints() < 0
        || usage != null && !usage[CERTIFICATE_SIGNING]
        || SigningIdentity.SignerProfile.findKeyWeakness(issuer).isPresent()
        || SigningIdentity.SignerProfile.findSignatureWeakness(certificate).isPresent()) {
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
