package dev.likeness.provenance.signing;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

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
   * @param key the private key of the first certificate
   * @param chain the signer's certificate, then the certificates of its issuers
   * @throws IllegalArgumentException if the chain is empty, the key is of another kind than
   *     {@link SignatureAlgorithm} has, or it does not belong to the first certificate
   */
  public SigningIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a signing identity needs a certificate, given none");
    }
    SignatureAlgorithm algorithm = SignatureAlgorithm.of(key);
    if (!algorithm.verify(chain.get(0).getPublicKey(), PROBE, algorithm.sign(key, PROBE))) {
      throw new IllegalArgumentException("the private key does not belong to the certificate of "
          + chain.get(0).getSubjectX500Principal());
    }
  }

  /**
   * Returns the library's development identity. Its key is public, so its signatures prove nothing
   * about the signer.
   *
   * @return always the same identity
   */
  public static SigningIdentity development() {
    return DevelopmentCertificate.IDENTITY;
  }

  /**
   * Reads a signing identity from PEM files. Signatures get no time stamp, so they count as valid
   * only as long as the certificate is valid.
   *
   * @param key file of a private key, not encrypted
   * @param certificates file of the certificate chain, the signer's certificate first
   * @return the signing identity
   * @throws InvalidInputException if a file cannot be read or has other content, or if the signer's
   *     certificate does not have the {@linkplain SignerProfile profile} of a signer or is not
   *     valid now
   */
  public static SigningIdentity open(Path key, Path certificates) {
    List<X509Certificate> chain = chain(certificates);
    requireSigner(chain.get(0), certificates);
    requireValid(chain.get(0), certificates);
    return new SigningIdentity(privateKey(key), chain);
  }

  private static List<X509Certificate> chain(Path file) {
    List<X509Certificate> chain = new ArrayList<>();
    try {
      for (Object entry : entries(file)) {
        if (entry instanceof X509CertificateHolder holder) {
          chain.add(new JcaX509CertificateConverter().getCertificate(holder));
        }
      }
    } catch (GeneralSecurityException e) {
      throw unreadable(file, e);
    }
    if (chain.isEmpty()) {
      throw new InvalidInputException(
          file + " has no certificate; give a PEM file with the signer's certificate first");
    }
    return chain;
  }

  private static void requireSigner(X509Certificate signer, Path file) {
    SignerProfile.findFault(signer).ifPresent(fault -> {
      throw new InvalidInputException(
          "the certificate of " + signer.getSubjectX500Principal() + " in " + file + " " + fault
              + "; readers of content credentials do not trust its signatures");
    });
  }

  private static void requireValid(X509Certificate signer, Path file) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant from = signer.getNotBefore().toInstant();
    Instant until = signer.getNotAfter().toInstant();
    if (now.isBefore(from) || now.isAfter(until)) {
      throw new InvalidInputException(
          "the certificate of " + signer.getSubjectX500Principal() + " in "
              + file + " is valid from " + from + " until " + until + ", and it is " + now
              + "; give a certificate that is valid now");
    }
  }

  private static PrivateKey privateKey(Path file) {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    try {
      for (Object entry : entries(file)) {
        if (entry instanceof PEMKeyPair pair) {
          return converter.getPrivateKey(pair.getPrivateKeyInfo());
        }
        if (entry instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    throw new InvalidInputException(file + " has no private key; give an unencrypted PEM file");
  }

  private static List<Object> entries(Path file) {
    List<Object> entries = new ArrayList<>();
    try (Reader reader = Files.newBufferedReader(file);
        PEMParser parser = new PEMParser(reader)) {
      for (Object entry = parser.readObject(); entry != null; entry = parser.readObject()) {
        entries.add(entry);
      }
    } catch (IOException | RuntimeException e) {
      // For truncated or garbled input the parser throws various RuntimeExceptions.
      throw unreadable(file, e);
    }
    return entries;
  }

  private static InvalidInputException unreadable(Path file, Exception cause) {
    return new InvalidInputException(
        "cannot read " + file + ", expected a complete PEM file: " + cause.getMessage(), cause);
  }

  /** {@return the algorithm that the key signs with} */
  public SignatureAlgorithm algorithm() {
    return SignatureAlgorithm.of(key);
  }

  /**
   * Signs a message.
   *
   * @param message the bytes to sign
   * @return the signature
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
   * It does not belong to an authority, and its key usages allow signing. Erasure receipts have the
   * same requirements.
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

    /**
     * Finds the reason why a certificate cannot be a signer's.
     *
     * @param certificate the first certificate of a chain
     * @return the reason, to be put behind the certificate's name; empty if the certificate is
     *     suitable
     */
    public static Optional<String> findFault(X509Certificate certificate) {
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
            ? Optional.of("has the extended key usages " + purposes + "; a signer's has "
                + ACCEPTED_NAMES + ", and none of " + EXCLUDED)
            : Optional.empty();
      } catch (CertificateParsingException e) {
        return Optional.of("has extended key usages that cannot be read");
      }
    }
  }
}
