package dev.likeness.integrations.spark;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The receipt of {@link HeadshotJob#erase}, with the number and size of the deleted files. It
 * contains neither the names nor the digests of these files. Immutable.
 *
 * <p>A receipt is signed only if the job has {@link HeadshotJob#receiptSigner a signer}. A receipt
 * without signature proves nothing to others, because everyone who can write into the folder of the
 * receipts can write one.
 *
 * @param id the person's id
 * @param erasedAt the time of the erasure, as ISO 8601 text
 * @param out the URI of the output folder of the jobs
 * @param files the number of deleted files of finished work
 * @param unfinishedFiles the number of deleted files of unfinished work, such as saved states
 * @param bytes the size of all deleted files, in bytes
 * @param signature the signature of {@link #message()}; empty for a receipt that is not signed
 */
public record ErasureReceipt(
    String id,
    String erasedAt,
    String out,
    int files,
    int unfinishedFiles,
    long bytes,
    Optional<Signature> signature) {
  /**
   * The signature of a receipt.
   *
   * @param base64 the signature as base64 text
   * @param chain the signer's certificate, then the certificates of its issuers
   */
  public record Signature(String base64, List<X509Certificate> chain) {
    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if there is no certificate
     */
    public Signature {
      chain = List.copyOf(chain);
      if (chain.isEmpty()) {
        throw new IllegalArgumentException(
            "a signature needs the signer's certificate, got none; give the certificate");
      }
    }

    /** {@return the signature} */
    public byte[] bytes() {
      return Base64.getDecoder().decode(base64);
    }
  }

  /**
   * Signs receipts.
   *
   * @param chain the signer's certificate, then the certificates of its issuers
   * @param sign returns the signature of a message
   */
  record Signer(List<X509Certificate> chain, UnaryOperator<byte[]> sign) {
    Signer {
      // Refuses a missing certificate before anything is erased.
      chain = new Signature("", chain).chain();
    }

    ErasureReceipt sign(ErasureReceipt receipt) {
      String base64 = Base64.getEncoder().encodeToString(sign.apply(receipt.message()));
      return new ErasureReceipt(
          receipt.id,
          receipt.erasedAt,
          receipt.out,
          receipt.files,
          receipt.unfinishedFiles,
          receipt.bytes,
          Optional.of(new Signature(base64, chain)));
    }
  }

  /** {@return true if no file of this person was found} */
  public boolean isEmpty() {
    return files + unfinishedFiles == 0;
  }

  /** {@return true if the receipt has a signature, which {@link #message()} helps to verify} */
  public boolean isSigned() {
    return signature.isPresent();
  }

  /**
   * {@return the bytes that a signature signs} They contain all values of the receipt except the
   * signature, one on each line.
   */
  public byte[] message() {
    String text = String.join(
        "\n",
        "likeness spark erasure receipt 1",
        json(id),
        json(erasedAt),
        json(out),
        Integer.toString(files),
        Integer.toString(unfinishedFiles),
        Long.toString(bytes));
    return (text + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** {@return the receipt as one JSON object} */
  public String toJson() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("id", id);
    content.put("erased_at", erasedAt);
    content.put("out", out);
    content.put("files", files);
    content.put("unfinished_files", unfinishedFiles);
    content.put("bytes", bytes);
    content.put(
        "not_covered",
        "photos in other folders, results that the application saved, snapshots and backups of the"
            + " file system");
    content.put("signed", isSigned());
    signature.ifPresent(signed -> {
      content.put("signature", signed.base64);
      content.put("certificates", encoded(signed.chain));
    });
    return json(content);
  }

  // With line ends escaped, so that no value looks like two.
  private static String json(Object value) {
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> encoded(List<X509Certificate> chain) {
    List<String> texts = new ArrayList<>();
    for (X509Certificate certificate : chain) {
      try {
        texts.add(Base64.getEncoder().encodeToString(certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException(
            "a certificate of the signer cannot be encoded; give another certificate", e);
      }
    }
    return texts;
  }
}
