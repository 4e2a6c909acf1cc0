package dev.likeness.provenance.c2pa;

import dev.likeness.provenance.signing.SignatureAlgorithm;
import dev.likeness.provenance.signing.SigningIdentity;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A signature over a claim: COSE_Sign1 with a detached payload (RFC 9052, section 4.2).
 *
 * @param protectedBytes the signed bytes of the protected headers
 * @param protectedHeaders the parsed protected headers
 * @param unprotectedHeaders the unprotected headers
 * @param signature the bytes of the signature
 */
record CoseSign1(
    byte[] protectedBytes,
    Map<String, Object> protectedHeaders,
    Map<String, Object> unprotectedHeaders,
    byte[] signature) {
  private static final int TAG = 18;
  private static final int ALGORITHM = 1;
  private static final int CHAIN = 33;
  private static final String CHAIN_NAME = "x5chain";
  private static final List<String> PADDING = List.of("pad", "pad2");
  private static final int MAX_CERTIFICATES = 10;
  private static final int MAX_CERTIFICATE_BYTES = 1 << 16;

  /** Parses the content of a signature box. */
  @SuppressWarnings("unchecked")
  static CoseSign1 parse(byte[] cbor) throws JumbfBox.MalformedManifest {
    if (Cbor.read(cbor, TAG) instanceof List<?> parts
        && parts.size() == 4
        && parts.get(0) instanceof byte[] sealed
        && parts.get(1) instanceof Map<?, ?> open
        && parts.get(2) == null
        && parts.get(3) instanceof byte[] signature
        && PADDING.stream().allMatch(name -> isZeros(open.get(name)))) {
      Map<String, Object> headers = sealed.length == 0 ? Map.of() : Cbor.map(sealed);
      return new CoseSign1(sealed, headers, (Map<String, Object>) open, signature);
    }
    throw new JumbfBox.MalformedManifest("a signature that is no COSE_Sign1");
  }

  // Padding is not signed, and may say nothing.
  private static boolean isZeros(Object padding) {
    if (padding instanceof byte[] bytes) {
      for (byte b : bytes) {
        if (b != 0) {
          return false;
        }
      }
      return true;
    }
    return padding == null;
  }

  /** Signs {@code claim}; returns the content of a signature box. */
  static byte[] sign(byte[] claim, SigningIdentity signer) {
    List<byte[]> chain = new ArrayList<>();
    try {
      for (X509Certificate certificate : signer.chain()) {
        chain.add(certificate.getEncoded());
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          "the certificate of " + signer + " cannot be encoded; give another certificate", e);
    }
    Map<Object, Object> headers = new LinkedHashMap<>();
    headers.put(ALGORITHM, signer.algorithm().cose());
    headers.put(CHAIN, chain.size() == 1 ? chain.get(0) : chain);
    byte[] sealed = Cbor.write(headers);
    byte[] signature = signer.sign(toBeSigned("Signature1", sealed, claim));
    List<Object> parts = new ArrayList<>(List.of(sealed, Map.of()));
    parts.add(null);
    parts.add(signature);
    return Cbor.write(new Cbor.Tagged(TAG, parts));
  }

  private static byte[] toBeSigned(String context, byte[] sealed, byte[] payload) {
    return Cbor.write(List.of(context, sealed, new byte[0], payload));
  }

  /** Returns the bytes that a time stamp of {@code content} covers. */
  byte[] counterSignatureInput(byte[] content) {
    return toBeSigned("CounterSignature", protectedBytes, content);
  }

  /** Returns the algorithm that the headers name; empty if C2PA does not allow it. */
  Optional<SignatureAlgorithm> algorithm() {
    OptionalLong number = Cbor.wholeNumber(protectedHeaders.get(String.valueOf(ALGORITHM)));
    return number.isPresent() ? SignatureAlgorithm.ofCose(number.getAsLong()) : Optional.empty();
  }

  /** Returns true if the certificate's key signed {@code claim}. */
  boolean isSignatureOf(byte[] claim, X509Certificate certificate) {
    byte[] message = toBeSigned("Signature1", protectedBytes, claim);
    return algorithm()
        .map(a -> a.verify(certificate.getPublicKey(), message, signature))
        .orElse(false);
  }

  /** Returns the signer's certificate, then the certificates of its issuers. */
  List<X509Certificate> chain() throws JumbfBox.MalformedManifest {
    Object chain = protectedHeaders.get(String.valueOf(CHAIN));
    for (Map<String, Object> map : List.of(protectedHeaders, unprotectedHeaders)) {
      chain = chain == null ? map.getOrDefault(CHAIN_NAME, map.get(String.valueOf(CHAIN))) : chain;
    }
    List<?> entries =
        chain instanceof List<?> list ? list : chain == null ? List.of() : List.of(chain);
    if (entries.size() > MAX_CERTIFICATES) {
      throw new JumbfBox.MalformedManifest(
          "a signature with more than " + MAX_CERTIFICATES + " certificates");
    }
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Object der : entries) {
        if (!(der instanceof byte[] bytes) || bytes.length > MAX_CERTIFICATE_BYTES) {
          throw new JumbfBox.MalformedManifest("a certificate that cannot be read");
        }
        certificates.add(
            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes)));
      }
    } catch (CertificateException | RuntimeException e) {
      // Java's parsers throw any RuntimeException for some broken keys.
      throw new JumbfBox.MalformedManifest("a certificate that cannot be read", e);
    }
    if (certificates.isEmpty()) {
      throw new JumbfBox.MalformedManifest("a signature without a certificate");
    }
    return certificates;
  }
}
