package dev.likeness.headshots.provenance;

import dev.likeness.headshots.provenance.signing.SigningIdentity;
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
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate of an application's own, written as PEM files and read back. */
final class ApplicationIdentity {
  private ApplicationIdentity() {}

  static SigningIdentity make(Path folder, String keys, String organisation) throws IOException {
    Files.createDirectories(folder);
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(keys);
      generator.initialize(keys.equals("EC") ? 256 : 2048);
      KeyPair root = generator.generateKeyPair();
      KeyPair signer = generator.generateKeyPair();
      X500Name issuer = new X500Name("CN=" + organisation + " root,O=" + organisation);
      X500Name subject = new X500Name("CN=" + organisation + " signer,O=" + organisation);
      Path key = folder.resolve("key.pem");
      Path chain = folder.resolve("chain.pem");
      write(key, new JcaPKCS8Generator(signer.getPrivate(), null));
      write(chain, certificate(issuer, root, subject, signer, false), certificate(issuer, root, issuer, root, true));
      return SigningIdentity.open(key, chain);
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509CertificateHolder certificate(X500Name issuer, KeyPair authority, X500Name subject, KeyPair keys,
      boolean authorises) throws GeneralSecurityException, IOException, OperatorCreationException {
    JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
    JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(issuer, BigInteger.valueOf(System.nanoTime()),
        Date.from(Instant.now().minusSeconds(60)), Date.from(Instant.now().plusSeconds(86400)), subject,
        keys.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authorises))
        .addExtension(Extension.keyUsage, true,
            new KeyUsage(authorises ? KeyUsage.keyCertSign : KeyUsage.digitalSignature))
        .addExtension(Extension.authorityKeyIdentifier, false,
            identifiers.createAuthorityKeyIdentifier(authority.getPublic()));
    if (!authorises) {
      builder.addExtension(Extension.extendedKeyUsage, true,
          new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection));
    }
    String algorithm = keys.getPrivate().getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
    return builder.build(new JcaContentSignerBuilder(algorithm).build(authority.getPrivate()));
  }

  private static void write(Path file, Object... entries) throws IOException {
    try (Writer out = Files.newBufferedWriter(file); JcaPEMWriter pem = new JcaPEMWriter(out)) {
      for (Object entry : entries) {
        pem.writeObject(entry);
      }
    }
  }
}
