package dev.likeness.vault;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A signed record that a store erased all data of a person. It does not identify the person.
 *
 * @param subject the random id of the subject: 32 hexadecimal digits
 * @param startedAt the time when the erasure began, by the system clock
 * @param finishedAt the time when the last file was deleted, by the system clock
 * @param files the number of deleted files by category label. A receipt that version 0.1.0 wrote
 *     has the labels of that version, because its signature covers them
 * @param signature the signature of the values above
 * @param certificates the signer's certificate, then the certificates of its issuers, as DER
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
  private static final Set<String> KEYS =
      Set.of("erased", "begun", "finished", "files", "signature", SIGNER_KEY, ISSUERS_KEY);
  private static final int MAX_BYTES = 1 << 20;

  /**
   * Checks the values and copies the collections.
   *
   * @throws IllegalArgumentException if the id is not 32 lower-case hexadecimal digits, a category
   *     is unknown, a count is negative, or there is no certificate
   */
  public ErasureReceipt {
    files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    signature = signature.clone();
    certificates = copy(certificates);
    if (!SubjectStore.isId(subject)) {
      throw new IllegalArgumentException(
          "the id of a subject must be 32 lower-case hexadecimal digits, got "
              + Quoted.of(subject));
    }
    if (!labels(files).containsAll(files.keySet())) {
      throw new IllegalArgumentException("the categories of a receipt must be among "
          + Stream.of(DataCategory.values()).map(DataCategory::label).toList() + ", got "
          + files.keySet());
    }
    if (certificates.isEmpty() || files.values().stream().anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException(
          "a receipt needs at least 1 certificate and counts of at least 0, got the counts " + files
              + " and this number of certificates: " + certificates.size());
    }
  }

  private static List<byte[]> copy(List<byte[]> certificates) {
    return certificates.stream().map(byte[]::clone).toList();
  }

  /** {@return a copy of the signature} */
  @Override
  public byte[] signature() {
    return signature.clone();
  }

  /** {@return copies of the signer's certificate and then of its issuers' certificates, as DER} */
  @Override
  public List<byte[]> certificates() {
    return copy(certificates);
  }

  /** Compares all values, including every byte of the signature and the certificates. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ErasureReceipt receipt && toMap().equals(receipt.toMap());
  }

  @Override
  public int hashCode() {
    return toMap().hashCode();
  }

  /**
   * Returns the path of the receipt of a subject in a store. The store need not be open.
   *
   * @param store the store's folder
   * @param id the id of the subject: 32 hexadecimal digits
   * @return the file, which may not exist yet
   */
  public static Path file(Path store, String id) {
    return store.resolve(FOLDER).resolve(id + ".json");
  }

  static ErasureReceipt signed(
      String subject,
      Instant begun,
      Instant finished,
      Map<String, Integer> counts,
      ReceiptSigner signer) {
    Map<String, Integer> files = new LinkedHashMap<>();
    for (DataCategory category : DataCategory.values()) {
      files.put(category.label(), counts.getOrDefault(category.label(), 0));
    }
    try {
      byte[] signature = signer.sign(message(subject, begun, finished, files));
      List<byte[]> certificates = new ArrayList<>();
      for (X509Certificate certificate : signer.chain()) {
        certificates.add(certificate.getEncoded());
      }
      return new ErasureReceipt(subject, begun, finished, files, signature, certificates);
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          "the certificate of " + signer + " cannot be encoded; give another certificate", e);
    }
  }

  /** Returns the labels that a receipt with these counts signs, in their order. */
  private static List<String> labels(Map<?, ?> files) {
    boolean current = files.containsKey(DataCategory.IMAGES.label());
    return Stream.of(DataCategory.values())
        .map(category -> current ? category.label() : category.formerLabel())
        .toList();
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
    for (String label : labels(files)) {
      text.append(label).append(' ').append(files.getOrDefault(label, 0)).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * {@return true if the receipt is unchanged since it was signed, and the key of the signature is
   * strong enough} An RSA key of fewer than 2048 bits is too weak. The caller must check that the
   * {@link #signer()} is trusted.
   *
   * @throws InvalidInputException if a certificate cannot be read
   */
  public boolean isGenuine() {
    try {
      return ReceiptSigner.verify(
          signer().getPublicKey(), message(subject, startedAt, finishedAt, files), signature);
    } catch (IllegalArgumentException weakKey) {
      return false;
    }
  }

  /**
   * {@return the signer's certificate}
   *
   * @throws InvalidInputException if a certificate cannot be read
   */
  public X509Certificate signer() {
    return chain().get(0);
  }

  /**
   * {@return the signer's certificate, then the certificates of its issuers}
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
    } catch (CertificateException | RuntimeException e) {
      // Java's parsers throw any RuntimeException for some broken keys.
      throw new InvalidInputException(
          "the receipt of " + subject
              + " contains an unreadable certificate; restore the receipt from a copy",
          e);
    }
  }

  /** {@return the receipt as one JSON object, indented} */
  public String toJson() {
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(toMap());
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
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

  /** Reads the receipt of one subject from a store's folder. */
  static ErasureReceipt read(Path store, String id) {
    Path file = file(store, id);
    ErasureReceipt receipt = read(file);
    if (!receipt.subject().equals(id)) {
      throw new InvalidInputException(file + " is the receipt of " + receipt.subject()
          + ", not of the subject in the file's name; restore the file from a copy");
    }
    return receipt;
  }

  /**
   * Reads a receipt from a file.
   *
   * @param file a file of a store's receipts folder
   * @return the receipt
   * @throws InvalidInputException if the file cannot be read or is not a receipt, or if it contains
   *     data that the signature does not cover
   */
  public static ErasureReceipt read(Path file) {
    requireShort(file);
    Map<String, Object> map = JsonFile.read(file);
    try {
      requireCovered(file, map);
      Map<String, Integer> files = new LinkedHashMap<>();
      ((Map<?, ?>) map.get("files"))
          .forEach((name, count) -> files.put((String) name, (Integer) count));
      List<byte[]> certificates =
          new ArrayList<>(List.of(Base64.getDecoder().decode((String) map.get(SIGNER_KEY))));
      for (Object issuer : (List<?>) map.getOrDefault(ISSUERS_KEY, List.of())) {
        certificates.add(Base64.getDecoder().decode((String) issuer));
      }
      return new ErasureReceipt(
          (String) map.get("erased"),
          Instant.parse((String) map.get("begun")),
          Instant.parse((String) map.get("finished")),
          files,
          Base64.getDecoder().decode((String) map.get("signature")),
          certificates);
    } catch (UncoveredException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          file + " is not an erasure receipt; give a file from a store's receipts folder", e);
    }
  }

  private static void requireShort(Path file) {
    try {
      if (Files.isRegularFile(file) && Files.size(file) > MAX_BYTES) {
        throw new InvalidInputException(file
            + " has more than 1 MiB, so it is not an erasure receipt; give a file from a store's "
            + "receipts folder");
      }
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  // People who read a signed file assume that the signature covers all of it.
  private static void requireCovered(Path file, Map<String, Object> map) {
    Map<?, ?> files = (Map<?, ?>) map.get("files");
    Stream.concat(
            map.keySet().stream().filter(key -> !KEYS.contains(key)),
            files.keySet().stream()
                .map(String.class::cast)
                .filter(label -> !labels(files).contains(label)))
        .findFirst()
        .ifPresent(extra -> {
          throw new UncoveredException(file + " contains " + Quoted.of(extra)
              + ", which the signature does not cover; ask for the original receipt");
        });
  }

  private static final class UncoveredException extends InvalidInputException {
    private static final long serialVersionUID = 1L;

    UncoveredException(String message) {
      super(message);
    }
  }
}
