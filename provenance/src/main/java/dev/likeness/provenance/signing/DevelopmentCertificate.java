package dev.likeness.provenance.signing;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
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
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyInfoFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The signing identity for applications without a certificate. Its key is derived from a public
 * text, so that the same image gives the same file on every computer. Its signatures prove nothing
 * about the signer.
 */
final class DevelopmentCertificate {
  private static final String ORGANISATION = ",O=Likeness development certificate: do not trust";

  static final SigningIdentity IDENTITY = make();

  private DevelopmentCertificate() {}

  private static SigningIdentity make() {
    try {
      KeyPair root = keys("root");
      KeyPair signer = keys("signer");
      X500Name issuer = new X500Name("CN=Likeness development root" + ORGANISATION);
      X500Name subject = new X500Name("CN=Likeness development signer" + ORGANISATION);
      X509Certificate authority = certificate(issuer, root, issuer, root, 1, true);
      return new SigningIdentity(
          signer.getPrivate(),
          List.of(certificate(issuer, root, subject, signer, 2, false), authority));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(
          "this Java cannot sign with Ed25519; use a complete Java 17 or later", e);
    }
  }

  private static KeyPair keys(String role) throws GeneralSecurityException, IOException {
    byte[] seed = MessageDigest.getInstance("SHA-256")
        .digest(("likeness development " + role).getBytes(StandardCharsets.US_ASCII));
    Ed25519PrivateKeyParameters key = new Ed25519PrivateKeyParameters(seed, 0);
    KeyFactory factory = KeyFactory.getInstance("Ed25519");
    PrivateKey secret = factory.generatePrivate(
        new PKCS8EncodedKeySpec(PrivateKeyInfoFactory.createPrivateKeyInfo(key).getEncoded()));
    byte[] shared = SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(key.generatePublicKey())
        .getEncoded();
    return new KeyPair(factory.generatePublic(new X509EncodedKeySpec(shared)), secret);
  }

  private static X509Certificate certificate(
      X500Name issuer,
      KeyPair authority,
      X500Name subject,
      KeyPair keys,
      int serial,
      boolean authorises)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
    JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
        issuer,
        BigInteger.valueOf(serial),
        Date.from(Instant.parse("2026-01-01T00:00:00Z")),
        Date.from(Instant.parse("2049-12-31T00:00:00Z")),
        subject,
        keys.getPublic());
    int usage = authorises ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature;
    builder
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(authorises))
        .addExtension(Extension.keyUsage, true, new KeyUsage(usage))
        .addExtension(
            Extension.subjectKeyIdentifier,
            false,
            identifiers.createSubjectKeyIdentifier(keys.getPublic()))
        .addExtension(
            Extension.authorityKeyIdentifier,
            false,
            identifiers.createAuthorityKeyIdentifier(authority.getPublic()));
    if (!authorises) {
      builder.addExtension(
          Extension.extendedKeyUsage,
          true,
          new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection));
    }
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("Ed25519").build(authority.getPrivate())));
  }
}
