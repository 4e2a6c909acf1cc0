package dev.likeness.provenance.signing;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Reads keys and certificates from PEM files. */
final class PemFile {
  /** A chain of certificates takes a few kilobytes. */
  private static final int MAX_BYTES = 1 << 20;

  private PemFile() {}

  /** Reads a certificate chain, the signer's certificate first. */
  static List<X509Certificate> chain(Path file) {
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

  /** Reads a private key, not encrypted. */
  static PrivateKey privateKey(Path file) {
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
    throw new InvalidInputException(
        file + " has no unencrypted private key; give a PEM file with one");
  }

  private static List<Object> entries(Path file) {
    List<Object> entries = new ArrayList<>();
    Path existing = Files.exists(file) ? ModelFile.regular(file) : file;
    try (Reader reader = new InputStreamReader(
            new ByteArrayInputStream(readBytes(existing)), StandardCharsets.UTF_8);
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

  private static byte[] readBytes(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("it is larger than 1 MiB");
      }
      return bytes;
    }
  }

  private static InvalidInputException unreadable(Path file, Exception cause) {
    return new InvalidInputException(
        "cannot read " + file + ": " + Quoted.reason(cause) + "; give a complete PEM file", cause);
  }
}
