package dev.likeness.provenance.c2pa;

import dev.likeness.provenance.signing.TrustAnchors;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether a claim is signed by whom it says, and its assertions are those that it speaks of. */
final class ClaimCheck {
  private final TrustAnchors anchors;
  private final Instant now;

  ClaimCheck(TrustAnchors anchors, Instant now) {
    this.anchors = anchors;
    this.now = now;
  }

  void check(Claim claim, ManifestReport.Findings findings) {
    signature(claim, findings);
    assertions(claim, findings);
  }

  private void signature(Claim claim, ManifestReport.Findings findings) {
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
          .filter(made -> anchors.vouchForTime(made.authority(), made.time()))
          .isPresent();
      Instant known = attested ? stamp.orElseThrow().time() : now;
      boolean trusted = anchors.vouchFor(chain, whileValid(signer, known));
      if (trusted) {
        findings.success("signingCredential.trusted", url);
      } else {
        findings.failure("signingCredential.untrusted", url);
      }
      if (!signature.signs(claim.content(), signer)) {
        findings.failure("claimSignature.mismatch", url);
        return;
      }
      stamp(signature, stamp.isPresent(), attested, url, findings);
      // By a time that nobody vouches for, whoever has a trusted signer's expired key could sign
      // yesterday.
      Instant time = trusted ? known : stamp.map(TimeStamp::time).orElse(now);
      validity(TrustAnchors.isWithin(signer, time), attested, url, findings);
      findings.success("claimSignature.validated", url);
    } catch (JumbfBox.MalformedManifest e) {
      findings.failure("claimSignature.mismatch", url);
    }
  }

  // That a signer's certificate has expired is found by itself, and makes it no stranger's.
  private static Instant whileValid(X509Certificate signer, Instant time) {
    Instant from = signer.getNotBefore().toInstant();
    Instant until = signer.getNotAfter().toInstant();
    return time.isBefore(from) ? from : time.isAfter(until) ? until : time;
  }

  private static void stamp(
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

  // Who is known to have signed when the certificate was not valid has done what nobody may; else
  // its time may just be over.
  private static void validity(
      boolean valid, boolean attested, String url, ManifestReport.Findings findings) {
    if (valid) {
      findings.success("claimSignature.insideValidity", url);
    } else {
      findings.failure(attested ? "claimSignature.outsideValidity" : ManifestReport.EXPIRED, url);
    }
  }

  private static void assertions(Claim claim, ManifestReport.Findings findings) {
    Set<String> named = new HashSet<>();
    for (Claim.Link link : claim.links()) {
      String url = claim.url("c2pa.assertions/" + link.name());
      named.add(link.name());
      Optional<JumbfBox> assertion = claim.assertions().stream()
          .filter(box -> box.label().equals(link.name()))
          .findFirst();
      Optional<MessageDigest> digest = Claim.Hashes.named(algorithm(claim, link));
      if (assertion.isEmpty()) {
        redacted(claim, link, url, findings);
      } else if (digest.isEmpty()) {
        findings.failure("algorithm.unsupported", url);
      } else if (Arrays.equals(digest.get().digest(assertion.get().payload()), link.hash())) {
        findings.success("assertion.hashedURI.match", url);
      } else {
        findings.failure("assertion.hashedURI.mismatch", url);
      }
    }
    // What is named is the first of its label; another would be hashed by nobody.
    claim.assertions().stream()
        .filter(box -> !named.remove(box.label()))
        .forEach(box ->
            findings.failure("assertion.undeclared", claim.url("c2pa.assertions/" + box.label())));
  }

  private static void redacted(
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
}
