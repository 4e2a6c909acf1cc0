package dev.likeness.provenance;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Somebody with a key and a certificate, who may issue others.
 *
 * @param certificate of the keys
 */
public record TestAuthority(KeyPair keys, X509Certificate certificate) {
  /**
   * What a certificate says.
   *
   * @param pathLength how many authorities may follow; below 0 for none that issues
   * @param usage bits of {@link KeyUsage}; 0 for a certificate that does not say
   * @param from valid a day from then
   */
  public record Profile(
      String name, int pathLength, int usage, List<KeyPurposeId> purposes, Instant from) {
    /** Of somebody who signs manifests. */
    public static Profile signer(String organisation) {
      return new Profile(
          "CN=" + organisation + " signer,O=" + organisation,
          -1,
          KeyUsage.digitalSignature,
          List.of(KeyPurposeId.id_kp_emailProtection),
          Instant.now().minusSeconds(60));
    }

    /** Of somebody who issues. */
    public static Profile authority(String organisation, int pathLength) {
      return new Profile(
          "CN=" + organisation + " root,O=" + organisation,
          pathLength,
          KeyUsage.keyCertSign,
          List.of(),
          Instant.now().minusSeconds(60));
    }

    /** For other purposes. */
    public Profile forPurposes(KeyPurposeId... other) {
      return new Profile(name, pathLength, usage, List.of(other), from);
    }

    /** With other bits of usage. */
    public Profile usage(int bits) {
      return new Profile(name, pathLength, bits, purposes, from);
    }

    /** Valid a day from then. */
    public Profile from(Instant time) {
      return new Profile(name, pathLength, usage, purposes, time);
    }
  }

  /** One that nobody vouches for, with keys of {@code EC} or {@code RSA}. */
  public static TestAuthority root(String keys, Profile profile) {
    KeyPair own = keyPair(keys);
    X500Name name = new X500Name(profile.name());
    return new TestAuthority(own, certificate(profile, own, name, own, standardAlgorithm(keys)));
  }

  /** One that this one vouches for. */
  public TestAuthority issue(Profile profile) {
    String kind = keys.getPrivate().getAlgorithm();
    return issue(profile, keyPair(kind), standardAlgorithm(kind));
  }

  /** One with these keys that this one vouches for with a signature of this algorithm. */
  public TestAuthority issue(Profile profile, KeyPair own, String algorithm) {
    X500Name issuer = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return new TestAuthority(own, certificate(profile, own, issuer, keys, algorithm));
  }

  private static String standardAlgorithm(String kind) {
    return kind.equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
  }

  private static KeyPair keyPair(String keys) {
    return keyPair(keys, keys.equals("EC") ? 256 : 2048);
  }

  /** New keys of {@code EC} or {@code RSA}. */
  public static KeyPair keyPair(String keys, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(keys);
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509Certificate certificate(
      Profile profile, KeyPair own, X500Name issuer, KeyPair authority, String algorithm) {
    try {
      JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
          issuer,
          BigInteger.valueOf(System.nanoTime()),
          Date.from(profile.from()),
          Date.from(profile.from().plus(Duration.ofDays(1))),
          new X500Name(profile.name()),
          own.getPublic());
      builder
          .addExtension(
              Extension.basicConstraints,
              true,
              profile.pathLength() < 0
                  ? new BasicConstraints(false)
                  : new BasicConstraints(profile.pathLength()))
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublic()));
      if (profile.usage() != 0) {
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(profile.usage()));
      }
      if (!profile.purposes().isEmpty()) {
        builder.addExtension(
            Extension.extendedKeyUsage,
            true,
            new ExtendedKeyUsage(profile.purposes().toArray(KeyPurposeId[]::new)));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm)
              .setProvider(new BouncyCastleProvider())
              .build(authority.getPrivate())));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }
}
