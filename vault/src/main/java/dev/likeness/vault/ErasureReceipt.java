package dev.likeness.vault;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A signed record of an erasure. It does not identify the person.
 *
 * @param subject the random id of the subject: 32 hexadecimal digits
 * @param startedAt when the erasure began, by the system clock
 * @param finishedAt when the last file was deleted, by the system clock
 * @param files the number of deleted files, by category label
 * @param signature the signature of all components above
 * @param certificates the signer's certificate, then those of its issuers, as DER
 */
public record ErasureReceipt(
    String subject,
    Instant startedAt,
    Instant finishedAt,
    Map<String, Integer> files,
    byte[] signature,
    List<byte[]> certificates) {
  static final String FOLDER = "receipts";

  private static final String SIGNER_KEY = "certificate";
  private static final String ISSUERS_KEY = "issuers";

  /**
   * Copies the collections.
   *
   * @param subject the component {@code subject}
   * @param startedAt the component {@code startedAt}
   * @param finishedAt the component {@code finishedAt}
   * @param files the component {@code files}
   * @param signature the component {@code signature}
   * @param certificates the component {@code certificates}
   */
  public ErasureReceipt {
    files = new LinkedHashMap<>(files);
    certificates = List.copyOf(certificates);
  }

  /**
   * Returns the file of a receipt. The store need not be open.
   *
   * @param store the store's folder
   * @param id the id of the subject
   * @return the file, which may not exist yet
   */
  public static Path file(Path store, String id) {
    return store.resolve(FOLDER).resolve(id + ".json");
  }

  static ErasureReceipt signed(
      String subject,
      Instant begun,
      Instant finished,
      Map<String, Integer> files,
      ReceiptSigner signer) {
    try {
      byte[] signature = signer.sign(message(subject, begun, finished, files));
      List<byte[]> certificates = new ArrayList<>();
      for (X509Certificate certificate : signer.chain()) {
        certificates.add(certificate.getEncoded());
      }
      return new ErasureReceipt(subject, begun, finished, files, signature, certificates);
    } catch (CertificateException e) {
      throw new IllegalArgumentException("the certificate of " + signer + " has no encoding", e);
    }
  }

  private static byte[] message(
      String subject, Instant begun, Instant finished, Map<String, Integer> files) {
    StringBuilder text = new StringBuilder("likeness erasure receipt 1\n")
        .append(subject)
        .append('\n')
        .append(begun)
        .append('\n')
        .append(finished)
        .append('\n');
    for (DataCategory category : DataCategory.values()) {
      text.append(category.label())
          .append(' ')
          .append(files.getOrDefault(category.label(), 0))
          .append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * {@return true if the receipt is unchanged since it was signed} Check separately that the
   * {@link #signer()} is trusted.
   *
   * @throws InvalidInputException if a certificate cannot be read
   */
  public boolean isGenuine() {
    return ReceiptSigner.verify(
        signer().getPublicKey(), message(subject, startedAt, finishedAt, files), signature);
  }

  /** {@return the signer's certificate} */
  public X509Certificate signer() {
    return chain().get(0);
  }

  /**
   * {@return the signer's certificate, then those of its issuers}
   *
   * @throws InvalidInputException if a certificate cannot be read
   */
  public List<X509Certificate> chain() {
    try {
      List<X509Certificate> chain = new ArrayList<>();
      for (byte[] certificate : certificates) {
        chain.add((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(certificate)));
      }
      return chain;
    } catch (CertificateException e) {
      throw new InvalidInputException(
          "the receipt of " + subject
              + " contains an unreadable certificate; restore it from a copy",
          e);
    }
  }

  /** {@return the receipt as one JSON object, indented} */
  public String toJson() {
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(toMap());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("erased", subject);
    map.put("begun", startedAt.toString());
    map.put("finished", finishedAt.toString());
    map.put("files", files);
    map.put("signature", Base64.getEncoder().encodeToString(signature));
    List<String> encoded =
        certificates.stream().map(Base64.getEncoder()::encodeToString).toList();
    map.put(SIGNER_KEY, encoded.get(0));
    if (encoded.size() > 1) {
      map.put(ISSUERS_KEY, encoded.subList(1, encoded.size()));
    }
    return map;
  }

  /**
   * Reads a receipt from a file.
   *
   * @param file a file of the receipts folder
   * @return the receipt
   * @throws InvalidInputException if the file is not a receipt
   */
  public static ErasureReceipt read(Path file) {
    Map<String, Object> map = JsonFile.read(file);
    try {
      Map<String, Integer> files = new LinkedHashMap<>();
      ((Map<?, ?>) map.get("files"))
          .forEach((name, count) -> files.put((String) name, (Integer) count));
      List<byte[]> certificates =
          new ArrayList<>(List.of(Base64.getDecoder().decode((String) map.get(SIGNER_KEY))));
      for (Object issuer : map.get(ISSUERS_KEY) instanceof List<?> issuers ? issuers : List.of()) {
        certificates.add(Base64.getDecoder().decode((String) issuer));
      }
      return new ErasureReceipt(
          (String) map.get("erased"),
          Instant.parse((String) map.get("begun")),
          Instant.parse((String) map.get("finished")),
          files,
          Base64.getDecoder().decode((String) map.get("signature")),
          certificates);
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          file + " is not a receipt of an erasure; give a file from a store's receipts folder", e);
    }
  }
}
