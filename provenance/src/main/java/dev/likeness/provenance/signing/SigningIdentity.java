package dev.likeness.provenance.signing;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;

/**
 * A private key with its certificate chain. It signs images and erasure receipts.
 *
 * @param key the private key of the first certificate
 * @param chain the signer's certificate, then the certificates of its issuers
 */
public record SigningIdentity(PrivateKey key, List<X509Certificate> chain) {
  private static final byte[] PROBE = {1, 2, 3};

  /**
   * Checks that the key belongs to the first certificate.
   *
   * @throws IllegalArgumentException if the chain is empty, no {@link SignatureAlgorithm} supports
   *     the key, or the key does not belong to the first certificate
   */
  public SigningIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException(
          "a signing identity needs a certificate, got none; give the signer's certificate");
    }
    SignatureAlgorithm algorithm = SignatureAlgorithm.of(key);
    if (!algorithm.verify(chain.get(0).getPublicKey(), PROBE, algorithm.sign(key, PROBE))) {
      throw new IllegalArgumentException("the private key does not belong to the certificate of "
          + chain.get(0).getSubjectX500Principal() + "; give the key of that certificate");
    }
  }

  /**
   * Returns the library's development identity. Its key is public, so its signatures prove nothing
   * about the signer.
   *
   * @return the development identity
   */
  public static SigningIdentity development() {
    return DevelopmentCertificate.IDENTITY;
  }

  /**
   * Reads a signing identity from PEM files. Its signatures have no time stamp, so they are valid
   * only as long as the certificate is valid.
   *
   * @param key file of a private key, not encrypted
   * @param certificates file of the certificate chain, the signer's certificate first
   * @return the signing identity
   * @throws InvalidInputException in four cases: a file cannot be read; a file lacks the key or a
   *     certificate; the signer's certificate is not valid now; or this certificate does not meet
   *     the {@linkplain SignerProfile requirements}
   * @throws IllegalArgumentException if no {@link SignatureAlgorithm} supports the key, or the key
   *     does not belong to the first certificate
   */
  public static SigningIdentity open(Path key, Path certificates) {
    List<X509Certificate> chain = PemFile.chain(certificates);
    requireSigner(chain.get(0), certificates);
    requireValid(chain.get(0), certificates);
    return new SigningIdentity(PemFile.privateKey(key), chain);
  }

  private static void requireSigner(X509Certificate signer, Path file) {
    SignerProfile.findFault(signer).ifPresent(fault -> {
      throw new InvalidInputException("the certificate of " + nameOf(signer) + " in " + file + " "
          + fault
          + "; give another certificate, because readers of content credentials do not trust"
          + " the signatures of this one");
    });
  }

  private static void requireValid(X509Certificate signer, Path file) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant from = signer.getNotBefore().toInstant();
    Instant until = signer.getNotAfter().toInstant();
    if (now.isBefore(from) || now.isAfter(until)) {
      throw new InvalidInputException("the certificate of " + nameOf(signer) + " in "
          + file + " is valid from " + from + " until " + until + ", but the time is " + now
          + "; give a certificate that is valid now");
    }
  }

  private static String nameOf(X509Certificate certificate) {
    return Quoted.line(certificate.getSubjectX500Principal().toString());
  }

  /** {@return the algorithm that the key signs with} */
  public SignatureAlgorithm algorithm() {
    return SignatureAlgorithm.of(key);
  }

  /**
   * Signs a message.
   *
   * @param message the bytes to sign
   * @return the signature, in the form of {@link SignatureAlgorithm#sign}
   */
  public byte[] sign(byte[] message) {
    return algorithm().sign(key, message);
  }

  /** {@return the name of the signer, without the key} */
  @Override
  public String toString() {
    return chain.get(0).getSubjectX500Principal().getName();
  }

  /**
   * C2PA's requirements for a signer's certificate (specification 2.2, sections 14.4.1 and 14.5.1).
   * The certificate does not belong to a certificate authority, its key usages allow signing, and
   * its key and digest are strong. Signers of erasure receipts must meet the same requirements.
   */
  public static final class SignerProfile {
    private static final List<String> ACCEPTED = List.of(
        "1.3.6.1.5.5.7.3.4",
        "1.3.6.1.5.5.7.3.36",
        "1.3.6.1.4.1.62558.2.1",
        // A usage of Microsoft, in the built-in list of c2pa-rs.
        "1.3.6.1.4.1.311.76.59.1.9");
    private static final String ACCEPTED_NAMES =
        "emailProtection (" + ACCEPTED.get(0) + "), documentSigning (" + ACCEPTED.get(1)
            + ") or C2PA's claimSigning (" + ACCEPTED.get(2) + ")";

    /**
     * Extended key usages that a signer's certificate must not have: any usage, time stamping and
     * OCSP signing.
     */
    private static final List<String> EXCLUDED =
        List.of("2.5.29.37.0", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9");

    private SignerProfile() {}

    private static final int MIN_RSA_BITS = 2048;
    // Longer ones would make checks slow.
    private static final int MAX_RSA_BITS = 8192;
    private static final Set<Integer> CURVE_BITS = Set.of(256, 384, 521);
    private static final Set<String> DIGESTS = Set.of(
        NISTObjectIdentifiers.id_sha256.getId(),
        NISTObjectIdentifiers.id_sha384.getId(),
        NISTObjectIdentifiers.id_sha512.getId());

    /** Signatures of certificates with SHA-256, SHA-384 or SHA-512, and Ed25519. */
    private static final Set<String> SIGNATURES = Set.of(
        "1.2.840.10045.4.3.2",
        "1.2.840.10045.4.3.3",
        "1.2.840.10045.4.3.4",
        "1.2.840.113549.1.1.11",
        "1.2.840.113549.1.1.12",
        "1.2.840.113549.1.1.13",
        "1.3.101.112");

    private static final String PSS = "1.2.840.113549.1.1.10";

    /**
     * Finds a weakness in a signer's chain: a key or digest that C2PA does not allow (specification
     * 2.1, 14.5.1), such as RSA of 1024 bits or SHA-1. A chain with a weakness proves nothing. The
     * signature of a self-signed authority is not checked.
     *
     * @param chain the signer's certificate, then the certificates of its issuers in any order
     * @return the weakness, worded to follow "a certificate" in a message; empty if all keys and
     *     digests are strong
     */
    public static Optional<String> findWeakness(List<X509Certificate> chain) {
      List<X509Certificate> path = new ArrayList<>(chain.subList(0, 1));
      for (int i = 0; i < path.size(); i++) {
        X509Certificate certificate = path.get(i);
        boolean rooted =
            certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
        Optional<String> fault = findKeyWeakness(certificate)
            .or(() ->
                rooted && path.size() > 1 ? Optional.empty() : findSignatureWeakness(certificate));
        if (fault.isPresent()) {
          return fault;
        }
        chain.stream()
            .filter(other -> !path.contains(other)
                && other.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
            .findFirst()
            .ifPresent(path::add);
      }
      return Optional.empty();
    }

    /** Why the key of a certificate is too weak, or of a kind that C2PA does not admit. */
    static Optional<String> findKeyWeakness(X509Certificate certificate) {
      PublicKey key = certificate.getPublicKey();
      if (key instanceof RSAKey rsa) {
        int bits = rsa.getModulus().bitLength();
        return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS
            ? Optional.empty()
            : Optional.of("has an RSA key of " + bits + " bits; " + MIN_RSA_BITS + " to "
                + MAX_RSA_BITS + " are accepted");
      }
      boolean admitted = key instanceof ECKey curve
          ? CURVE_BITS.contains(curve.getParams().getOrder().bitLength())
          : key instanceof EdECKey edwards && edwards.getParams().getName().equals("Ed25519");
      return admitted
          ? Optional.empty()
          : Optional.of("has a key that is neither RSA, EC on P-256, P-384 or P-521, nor Ed25519");
    }

    /** Why the signature on a certificate is too weak, or of a kind that C2PA does not admit. */
    static Optional<String> findSignatureWeakness(X509Certificate certificate) {
      boolean admitted = certificate.getSigAlgOID().equals(PSS)
          ? DIGESTS.contains(pssDigest(certificate.getSigAlgParams()))
          : SIGNATURES.contains(certificate.getSigAlgOID());
      return admitted
          ? Optional.empty()
          : Optional.of("is signed with another digest than SHA-256, SHA-384 or SHA-512");
    }

    private static String pssDigest(byte[] parameters) {
      try {
        return RSASSAPSSparams.getInstance(parameters)
            .getHashAlgorithm()
            .getAlgorithm()
            .getId();
      } catch (RuntimeException e) {
        // Parameters from a file may be anything, on which the parser fails in various ways.
        return "";
      }
    }

    /**
     * Finds the reason why a certificate cannot be used by a signer.
     *
     * @param certificate the first certificate of a chain
     * @return the reason, worded to follow the certificate's name in a message; empty if the
     *     certificate is suitable
     */
    public static Optional<String> findFault(X509Certificate certificate) {
      Optional<String> weakness = findWeakness(List.of(certificate));
      if (weakness.isPresent()) {
        return weakness;
      }
      boolean[] usage = certificate.getKeyUsage();
      if (certificate.getBasicConstraints() >= 0) {
        return Optional.of("belongs to an authority; a signer's certificate has CA:FALSE");
      }
      if (usage != null && !usage[0]) {
        return Optional.of("has a key usage without digitalSignature");
      }
      try {
        List<String> purposes = certificate.getExtendedKeyUsage() == null
            ? List.of()
            : certificate.getExtendedKeyUsage();
        return Collections.disjoint(purposes, ACCEPTED) || !Collections.disjoint(purposes, EXCLUDED)
            ? Optional.of("has the extended key usages " + purposes + "; a signer's certificate "
                + "has "
                + ACCEPTED_NAMES + ", and none of " + EXCLUDED)
            : Optional.empty();
      } catch (CertificateParsingException e) {
        return Optional.of("has extended key usages that cannot be read");
      }
    }
  }
}
