package dev.likeness.headshots.provenance.c2pa;

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

  void check(Claim claim, Findings findings) {
    signature(claim, findings);
    assertions(claim, findings);
  }

  private void signature(Claim claim, Findings findings) {
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
      boolean trusted = anchors.vouchFor(chain);
      if (trusted) {
        findings.success("signingCredential.trusted", url);
      } else {
        findings.failure("signingCredential.untrusted", url);
      }
      if (!signature.signs(claim.content(), chain.get(0))) {
        findings.failure("claimSignature.mismatch", url);
        return;
      }
      validity(chain.get(0), signingTime(signature, claim, trusted, url, findings), url, findings);
      findings.success("claimSignature.validated", url);
    } catch (MalformedManifest e) {
      findings.failure("claimSignature.mismatch", url);
    }
  }

  /**
   * When a claim was signed, as far as that is known.
   *
   * @param vouched whether a trusted authority vouches for it
   */
  private record SigningTime(Instant time, boolean vouched) { }

  // By a time that nobody vouches for, whoever has a trusted signer's expired key could sign yesterday.
  private SigningTime signingTime(CoseSign1 signature, Claim claim, boolean trusted, String url, Findings findings) {
    Optional<TimeStamp> stamp = TimeStamp.of(signature, claim.content());
    boolean vouched = stamp.filter(attested -> anchors.vouchFor(attested.authority())).isPresent();
    if (stamp.isPresent()) {
      findings.success("timeStamp.validated", url);
      if (vouched) {
        findings.success("timeStamp.trusted", url);
      } else {
        findings.informational("timeStamp.untrusted", url);
      }
    } else if (TimeStamp.isIn(signature)) {
      findings.informational("timeStamp.mismatch", url);
    }
    return new SigningTime(stamp.filter(attested -> vouched || !trusted).map(TimeStamp::time).orElse(now), vouched);
  }

  // Who is known to have signed when the certificate was not valid has done what nobody may; else its time may just be over.
  private static void validity(X509Certificate signer, SigningTime signed, String url, Findings findings) {
    Instant time = signed.time();
    if (time.isBefore(signer.getNotBefore().toInstant()) || time.isAfter(signer.getNotAfter().toInstant())) {
      findings.failure(signed.vouched() ? "claimSignature.outsideValidity" : ManifestReport.EXPIRED, url);
    } else {
      findings.success("claimSignature.insideValidity", url);
    }
  }

  private static void assertions(Claim claim, Findings findings) {
    Set<String> named = new HashSet<>();
    for (Claim.Link link : claim.links()) {
      String url = claim.url("c2pa.assertions/" + link.name());
      named.add(link.name());
      Optional<JumbfBox> assertion = claim.assertions().stream().filter(box -> box.label().equals(link.name()))
          .findFirst();
      Optional<MessageDigest> digest = Hashes.named(algorithm(claim, link));
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
    claim.assertions().stream().filter(box -> !named.remove(box.label()))
        .forEach(box -> findings.failure("assertion.undeclared", claim.url("c2pa.assertions/" + box.label())));
  }

  private static void redacted(Claim claim, Claim.Link link, String url, Findings findings) {
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
