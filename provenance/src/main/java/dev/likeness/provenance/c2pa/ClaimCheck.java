package dev.likeness.provenance.c2pa;

import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.tsp.TSPException;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.util.Selector;

/** Checks that a claim is signed by its stated signer and that its assertions match its hashes. */
final class ClaimCheck {
  private final TrustAnchors anchors;
  private final Instant now;

  ClaimCheck(TrustAnchors anchors, Instant now) {
    this.anchors = anchors;
    this.now = now;
  }

  void check(Claim claim, ManifestReport.Findings findings) {
    checkSignature(claim, findings);
    checkAssertions(claim, findings);
  }

  private void checkSignature(Claim claim, ManifestReport.Findings findings) {
    String url = claim.url("c2pa.signature");
    Optional<JumbfBox> box = claim.signature();
    if (box.isEmpty()) {
      findings.failure("claimSignature.missing", url);
      return;
    }
    try {
      CoseSign1 signature = CoseSign1.parse(box.get().content());
      List<X509Certificate> chain = signature.chain();
      if (signature.algorithm().isEmpty()) {
        findings.failure("algorithm.unsupported", url);
        return;
      }
      X509Certificate signer = chain.get(0);
      Optional<TimeStamp> stamp = TimeStamp.of(signature, claim.content());
      boolean attested = stamp
          .filter(made -> anchors.trustsTimestamp(made.authority(), made.time()))
          .isPresent();
      Instant known = attested ? stamp.orElseThrow().time() : now;
      boolean trusted = anchors.trusts(chain, clampToValidity(signer, known));
      if (trusted) {
        findings.success("signingCredential.trusted", url);
      } else {
        findings.failure("signingCredential.untrusted", url);
      }
      if (!signature.isSignatureOf(claim.content(), signer)) {
        findings.failure("claimSignature.mismatch", url);
        return;
      }
      reportTimeStamp(signature, stamp.isPresent(), attested, url, findings);
      // For a trusted signer, only a trusted time stamp counts. Otherwise the holder of an expired
      // key could pretend to have signed earlier.
      Instant time = trusted ? known : stamp.map(TimeStamp::time).orElse(now);
      reportValidity(TrustAnchors.isValidAt(signer, time), attested, url, findings);
      findings.success("claimSignature.validated", url);
    } catch (JumbfBox.MalformedManifest e) {
      findings.failure("claimSignature.mismatch", url);
    }
  }

  // Trust and expiry are separate findings: an expired certificate is still that of a trusted
  // signer.
  private static Instant clampToValidity(X509Certificate signer, Instant time) {
    Instant from = signer.getNotBefore().toInstant();
    Instant until = signer.getNotAfter().toInstant();
    return time.isBefore(from) ? from : time.isAfter(until) ? until : time;
  }

  private static void reportTimeStamp(
      CoseSign1 signature,
      boolean genuine,
      boolean attested,
      String url,
      ManifestReport.Findings findings) {
    if (genuine) {
      findings.success("timeStamp.validated", url);
      if (attested) {
        findings.success("timeStamp.trusted", url);
      } else {
        findings.informational("timeStamp.untrusted", url);
      }
    } else if (TimeStamp.isIn(signature)) {
      findings.informational("timeStamp.mismatch", url);
    }
  }

  // A trusted time stamp outside the validity proves a wrong signature. Without one, the
  // certificate may have expired after signing.
  private static void reportValidity(
      boolean valid, boolean attested, String url, ManifestReport.Findings findings) {
    if (valid) {
      findings.success("claimSignature.insideValidity", url);
    } else {
      findings.failure(attested ? "claimSignature.outsideValidity" : ManifestReport.EXPIRED, url);
    }
  }

  private static void checkAssertions(Claim claim, ManifestReport.Findings findings) {
    Set<String> named = new HashSet<>();
    for (Claim.Link link : claim.links()) {
      String url = claim.url("c2pa.assertions/" + link.name());
      named.add(link.name());
      Optional<JumbfBox> assertion = claim.assertions().stream()
          .filter(box -> box.label().equals(link.name()))
          .findFirst();
      Optional<MessageDigest> digest = Claim.Hashes.find(algorithm(claim, link));
      if (assertion.isEmpty()) {
        checkRedacted(claim, link, url, findings);
      } else if (digest.isEmpty()) {
        findings.failure("algorithm.unsupported", url);
      } else if (Arrays.equals(digest.get().digest(assertion.get().payload()), link.hash())) {
        findings.success("assertion.hashedURI.match", url);
      } else {
        findings.failure("assertion.hashedURI.mismatch", url);
      }
    }
    // A label refers to its first box; a second one would not be hashed.
    claim.assertions().stream()
        .filter(box -> !named.remove(box.label()))
        .forEach(box ->
            findings.failure("assertion.undeclared", claim.url("c2pa.assertions/" + box.label())));
  }

  private static void checkRedacted(
      Claim claim, Claim.Link link, String url, ManifestReport.Findings findings) {
    boolean announced = claim.fields().get("redacted_assertions") instanceof List<?> list
        && list.stream().anyMatch(entry -> String.valueOf(entry).endsWith("/" + link.name()));
    if (!announced) {
      findings.failure("assertion.missing", url);
    }
  }

  private static Object algorithm(Claim claim, Claim.Link link) {
    return link.algorithm() == null ? claim.fields().get("alg") : link.algorithm();
  }

  /**
   * The time stamp of a claim's signature, attested by a time-stamping authority (RFC 3161).
   *
   * @param time the attested time
   * @param authority the certificate of the time-stamping authority first, then other certificates
   */
  record TimeStamp(Instant time, List<X509Certificate> authority) {
    /** Returns true if the signature has a time stamp, valid or not. */
    static boolean isIn(CoseSign1 signature) {
      return signature.unprotectedHeaders().containsKey("sigTst")
          || signature.unprotectedHeaders().containsKey("sigTst2");
    }

    /**
     * Returns the first time stamp; empty if it is missing, broken or belongs to another signature.
     */
    static Optional<TimeStamp> of(CoseSign1 signature, byte[] claim) {
      boolean second = signature.unprotectedHeaders().containsKey("sigTst2");
      byte[] stamped =
          signature.counterSignatureInput(second ? Cbor.write(signature.signature()) : claim);
      return first(signature.unprotectedHeaders().get(second ? "sigTst2" : "sigTst"))
          .flatMap(bytes -> verify(bytes, stamped));
    }

    private static Optional<byte[]> first(Object header) {
      if (header instanceof Map<?, ?> map
          && map.get("tstTokens") instanceof List<?> tokens
          && !tokens.isEmpty()
          && tokens.get(0) instanceof Map<?, ?> token
          && token.get("val") instanceof byte[] bytes) {
        return Optional.of(bytes);
      }
      return Optional.empty();
    }

    private static Optional<TimeStamp> verify(byte[] bytes, byte[] stamped) {
      try {
        TimeStampToken token = token(bytes);
        MessageDigest digest = MessageDigest.getInstance(
            token.getTimeStampInfo().getMessageImprintAlgOID().getId());
        Collection<X509CertificateHolder> signers =
            token.getCertificates().getMatches(signerOf(token));
        if (signers.isEmpty()
            || !Arrays.equals(
                digest.digest(stamped), token.getTimeStampInfo().getMessageImprintDigest())) {
          return Optional.empty();
        }
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
        List<X509Certificate> authority =
            new ArrayList<>(List.of(converter.getCertificate(signers.iterator().next())));
        token.validate(new JcaSimpleSignerInfoVerifierBuilder().build(authority.get(0)));
        for (X509CertificateHolder other : token.getCertificates().getMatches(null)) {
          authority.add(converter.getCertificate(other));
        }
        return Optional.of(
            new TimeStamp(token.getTimeStampInfo().getGenTime().toInstant(), authority));
      } catch (IOException
          | TSPException
          | CMSException
          | GeneralSecurityException
          | OperatorCreationException
          | RuntimeException e) {
        // The parsers throw any RuntimeException for some broken structures.
        return Optional.empty();
      }
    }

    @SuppressWarnings("unchecked")
    private static Selector<X509CertificateHolder> signerOf(TimeStampToken token) {
      return token.getSID();
    }

    // Older writers store the whole time stamp response, newer ones only its token.
    private static TimeStampToken token(byte[] bytes)
        throws IOException, TSPException, CMSException {
      try {
        TimeStampToken token = new TimeStampResponse(bytes).getTimeStampToken();
        if (token != null) {
          return token;
        }
      } catch (TSPException | IOException notAResponse) {
        return new TimeStampToken(new CMSSignedData(bytes));
      }
      return new TimeStampToken(new CMSSignedData(bytes));
    }
  }
}
