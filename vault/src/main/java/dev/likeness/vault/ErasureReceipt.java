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
 * A signed record of what was erased and when. It does not identify the person.
 *
 * @param subject the random id
 * @param startedAt when erasure began, by the machine's clock
 * @param finishedAt when the last file was gone
 * @param files how many files there were, by holding
 * @param signature over everything above
 * @param certificates of who signed and of whoever vouches for them, the signer's first, DER
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

  public ErasureReceipt {
    files = new LinkedHashMap<>(files);
    certificates = List.copyOf(certificates);
  }

  /**
   * Where the store in {@code store} keeps the receipt of {@code id}'s erasure, once there is one;
   * the store need not be open.
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
    for (DataCategory holding : DataCategory.values()) {
      text.append(holding.label())
          .append(' ')
          .append(files.getOrDefault(holding.label(), 0))
          .append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Whether it is as it was signed; whether its {@link #signer()} may be believed is for trust
   * anchors to say.
   */
  public boolean isGenuine() {
    return ReceiptSigner.verify(
        signer().getPublicKey(), message(subject, startedAt, finishedAt, files), signature);
  }

  /** The certificate of who signed it. */
  public X509Certificate signer() {
    return chain().get(0);
  }

  /** The certificates of the signer and of whoever vouches for them, for trust anchors to judge. */
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
          "the receipt of " + subject + " holds no certificate that can be read", e);
    }
  }

  /** The receipt as one JSON object. */
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
   * Reads a receipt.
   *
   * @throws InvalidInputException when the file holds none
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
