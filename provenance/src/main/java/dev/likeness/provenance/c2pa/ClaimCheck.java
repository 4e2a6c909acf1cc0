package dev.likeness.provenance.c2pa;

import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
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

  /**
   * Checks the signature and the assertions of a claim.
   *
   * @param redacted the addresses of assertions that later claims removed
   */
  void check(
      Claim claim, Set<String> redacted, Claim.Hashes hashes, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    checkSignature(claim, hashes, findings);
    checkAssertions(claim, redacted, hashes, findings);
  }

  private void checkSignature(Claim claim, Claim.Hashes hashes, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    String url = claim.url(Claim.SIGNATURE);
    Optional<JumbfBox> box = claim.signature();
    if (box.isEmpty()) {
      findings.failure("claimSignature.missing", url);
      return;
    }
    CoseSign1 signature;
    List<X509Certificate> chain;
    try {
      signature = CoseSign1.parse(box.get().onlyCbor());
      chain = signature.chain();
    } catch (JumbfBox.MalformedManifest e) {
      findings.failure("claimSignature.mismatch", url);
      return;
    }
    if (signature.algorithm().isEmpty()) {
      findings.failure("algorithm.unsupported", url);
      return;
    }
    if (SigningIdentity.SignerProfile.findWeakness(chain).isPresent()) {
      findings.failure(ManifestReport.WEAK, url);
    }
    int stamps = TimeStamp.isIn(signature) ? TimeStamp.MAX_CERTIFICATES : 0;
    hashes.countSignatures(1 + chain.size() * chain.size() + stamps);
    checkSignature(claim, signature, chain, url, findings);
  }

  private void checkSignature(
      Claim claim,
      CoseSign1 signature,
      List<X509Certificate> chain,
      String url,
      ManifestReport.Findings findings) {
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
    // By a time that nobody vouches for, whoever has a trusted signer's expired key could sign
    // yesterday.
    Instant time = trusted ? known : stamp.map(TimeStamp::time).orElse(now);
    reportValidity(TrustAnchors.isValidAt(signer, time), attested, url, findings);
    findings.success("claimSignature.validated", url);
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

  private static void checkAssertions(
      Claim claim, Set<String> redacted, Claim.Hashes hashes, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    // A label refers to its first box; a second one would not be hashed.
    Map<String, JumbfBox> boxes = new HashMap<>();
    claim.assertions().forEach(box -> boxes.putIfAbsent(box.label(), box));
    Set<JumbfBox> named = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Claim.Link link : claim.links()) {
      Optional<String> label = claim.assertionLabel(link.url());
      JumbfBox assertion = label.map(boxes::get).orElse(null);
      String url = label.map(name -> claim.url("c2pa.assertions/" + name)).orElse(link.url());
      named.add(assertion);
      if (assertion == null) {
        reportMissing(label.isPresent(), url, redacted, findings);
        continue;
      }
      Optional<byte[]> hash = hashes.of(assertion, algorithm(claim, link));
      if (hash.isEmpty()) {
        findings.failure("algorithm.unsupported", url);
      } else if (Arrays.equals(hash.get(), link.hash())) {
        findings.success("assertion.hashedURI.match", url);
      } else {
        findings.failure("assertion.hashedURI.mismatch", url);
      }
    }
    claim.assertions().stream()
        .filter(box -> !named.contains(box))
        .forEach(box ->
            findings.failure("assertion.undeclared", claim.url("c2pa.assertions/" + box.label())));
  }

  private static void reportMissing(
      boolean own, String url, Set<String> redacted, ManifestReport.Findings findings) {
    if (!own) {
      findings.failure("assertion.outsideManifest", url);
    } else if (!redacted.contains(url)) {
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
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_CERTIFICATES = 6;
    private static final Set<String> DIGESTS = Set.of(
        NISTObjectIdentifiers.id_sha256.getId(),
        NISTObjectIdentifiers.id_sha384.getId(),
        NISTObjectIdentifiers.id_sha512.getId());

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
          && token.get("val") instanceof byte[] bytes
          && bytes.length <= MAX_BYTES) {
        return Optional.of(bytes);
      }
      return Optional.empty();
    }

    private static Optional<TimeStamp> verify(byte[] bytes, byte[] stamped) {
      try {
        TimeStampToken token = token(bytes);
        String imprint = token.getTimeStampInfo().getMessageImprintAlgOID().getId();
        MessageDigest digest = MessageDigest.getInstance(imprint);
        Collection<X509CertificateHolder> signers =
            token.getCertificates().getMatches(signerOf(token));
        Collection<X509CertificateHolder> all = token.getCertificates().getMatches(null);
        if (signers.isEmpty()
            || all.size() > MAX_CERTIFICATES
            || !DIGESTS.contains(imprint)
            || !isSignedStrongly(token)
            || !Arrays.equals(
                digest.digest(stamped), token.getTimeStampInfo().getMessageImprintDigest())) {
          return Optional.empty();
        }
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
        List<X509Certificate> authority =
            new ArrayList<>(List.of(converter.getCertificate(signers.iterator().next())));
        token.validate(new JcaSimpleSignerInfoVerifierBuilder().build(authority.get(0)));
        for (X509CertificateHolder other : all) {
          authority.add(converter.getCertificate(other));
        }
        return Optional.of(
            new TimeStamp(token.getTimeStampInfo().getGenTime().toInstant(), authority));
      } catch (IOException
          | TSPException
          | CMSException
          | GeneralSecurityException
          | OperatorCreationException
          | RuntimeException
          | StackOverflowError e) {
        // The parsers throw any RuntimeException for some broken structures, and follow nested ones
        // as deep as they go.
        return Optional.empty();
      }
    }

    private static boolean isSignedStrongly(TimeStampToken token) {
      return token.toCMSSignedData().getSignerInfos().getSigners().stream()
          .allMatch(signer -> DIGESTS.contains(signer.getDigestAlgOID()));
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
