package dev.likeness.cli;

import dev.likeness.provenance.signing.SigningIdentity;
import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Somebody's own key and certificate, as a user of the command has them.
 *
 * @param identity whose chain is the signer's certificate and the root that vouches for it
 */
record OwnCertificate(SigningIdentity identity) {
  private static final X500Name ROOT = new X500Name("CN=Ada root,O=Ada");
  private static final X500Name SIGNER = new X500Name("CN=Ada signer,O=Ada");

  /** Of Ada, valid until then. */
  static OwnCertificate until(Instant end) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      KeyPair root = generator.generateKeyPair();
      KeyPair signer = generator.generateKeyPair();
      return new OwnCertificate(new SigningIdentity(
          signer.getPrivate(),
          List.of(
              new JcaX509CertificateConverter()
                  .getCertificate(builder(SIGNER, signer, end)
                      .addExtension(
                          Extension.extendedKeyUsage,
                          true,
                          new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection))
                      .build(
                          new JcaContentSignerBuilder("SHA256withECDSA").build(root.getPrivate()))),
              new JcaX509CertificateConverter()
                  .getCertificate(builder(ROOT, root, end)
                      .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                      .build(new JcaContentSignerBuilder("SHA256withECDSA")
                          .build(root.getPrivate()))))));
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair keys, Instant end) {
    return new JcaX509v3CertificateBuilder(
        ROOT,
        BigInteger.valueOf(System.nanoTime()),
        Date.from(end.minusSeconds(172_800)),
        Date.from(end),
        subject,
        keys.getPublic());
  }

  /** The private key's file. */
  Path key(Path folder) throws IOException {
    return write(folder.resolve("key.pem"), new JcaPKCS8Generator(identity.key(), null));
  }

  /** The file of the signer's certificate and the root. */
  Path chain(Path folder) throws IOException {
    return write(folder.resolve("chain.pem"), identity.chain().toArray());
  }

  /** The root's file. */
  Path root(Path folder) throws IOException {
    return write(folder.resolve("root.pem"), identity.chain().get(1));
  }

  private static Path write(Path file, Object... entries) throws IOException {
    try (Writer out = Files.newBufferedWriter(file);
        JcaPEMWriter pem = new JcaPEMWriter(out)) {
      for (Object entry : entries) {
        pem.writeObject(entry);
      }
    }
    return file;
  }
}
