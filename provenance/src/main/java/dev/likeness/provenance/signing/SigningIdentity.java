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
 * Who signs images and receipts.
 *
 * @param key the private key of the first certificate
 * @param chain the signer's certificate, then those that vouch for it
 */
public record SigningIdentity(PrivateKey key, List<X509Certificate> chain) {
  private static final byte[] PROBE = {1, 2, 3};

  public SigningIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("who signs needs a certificate, given none");
    }
    SignatureAlgorithm algorithm = SignatureAlgorithm.of(key);
    if (!algorithm.verify(chain.get(0).getPublicKey(), PROBE, algorithm.sign(key, PROBE))) {
      throw new IllegalArgumentException("the private key does not belong to the certificate of "
          + chain.get(0).getSubjectX500Principal());
    }
  }

  /**
   * The library's own: anybody can sign with it, nobody trusts it, and its name says so. Always the
   * same.
   */
  public static SigningIdentity development() {
    return DevelopmentCertificate.IDENTITY;
  }

  /**
   * Reads PEM files.
   *
   * @param key a private key, not encrypted
   * @param certificates the signer's certificate first
   * @throws InvalidInputException when a file cannot be read or holds something else, the signer's
   *     certificate has not the {@linkplain SignerProfile profile} of one, or is not valid now:
   *     nothing is time-stamped, so that what is signed is called valid only as long as the
   *     certificate is
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
          file + " holds no certificate; give a PEM file with the signer's first");
    }
    return chain;
  }

  private static void requireSigner(X509Certificate signer, Path file) {
    SignerProfile.findFault(signer).ifPresent(fault -> {
      throw new InvalidInputException(
          "the certificate of " + signer.getSubjectX500Principal() + " in " + file + " " + fault
              + "; no reader of content credentials trusts what it signs");
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
              + ": what it signs now is called invalid; give one that is valid");
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
    throw new InvalidInputException(file + " holds no private key; give an unencrypted PEM file");
  }

  private static List<Object> entries(Path file) {
    List<Object> entries = new ArrayList<>();
    try (Reader reader = Files.newBufferedReader(file);
        PEMParser parser = new PEMParser(reader)) {
      for (Object entry = parser.readObject(); entry != null; entry = parser.readObject()) {
        entries.add(entry);
      }
    } catch (IOException | RuntimeException e) {
      // What is cut short or garbled the parser answers with whatever its parts throw.
      throw unreadable(file, e);
    }
    return entries;
  }

  private static InvalidInputException unreadable(Path file, Exception cause) {
    return new InvalidInputException(
        "cannot read " + file + ", which should be a whole PEM file: " + cause.getMessage(), cause);
  }

  /** How it signs. */
  public SignatureAlgorithm algorithm() {
    return SignatureAlgorithm.of(key);
  }

  /** Its signature of {@code message}. */
  public byte[] sign(byte[] message) {
    return algorithm().sign(key, message);
  }

  /** The name of the signer, without the key. */
  @Override
  public String toString() {
    return chain.get(0).getSubjectX500Principal().getName();
  }

  /**
   * What C2PA asks of a certificate that signs claims (specification 2.2, 14.4.1 and 14.5.1): it
   * issues no others, and is for signing. Receipts of erasures are held to the same.
   */
  public static final class SignerProfile {
    private static final List<String> ACCEPTED = List.of(
        "1.3.6.1.5.5.7.3.4",
        "1.3.6.1.5.5.7.3.36",
        "1.3.6.1.4.1.62558.2.1",
        // Microsoft's, of c2pa-rs' built-in list.
        "1.3.6.1.4.1.311.76.59.1.9");
    private static final String ACCEPTED_NAMES =
        "emailProtection (" + ACCEPTED.get(0) + "), documentSigning (" + ACCEPTED.get(1)
            + ") or C2PA's claimSigning (" + ACCEPTED.get(2) + ")";

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
    public static Optional<String> findFault(X509Certificate certificate) {
      boolean[] usage = certificate.getKeyUsage();
      if (certificate.getBasicConstraints() >= 0) {
        return Optional.of(
            "is an authority's, which issues certificates; a signer's is none (CA:FALSE)");
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
