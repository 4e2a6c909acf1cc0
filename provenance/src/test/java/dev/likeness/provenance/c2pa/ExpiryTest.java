package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.TestAuthority.Profile;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampTokenGenerator;
import org.junit.jupiter.api.Test;

/** Certificates that end: what is still said of what they signed. */
class ExpiryTest {
  private static final Instant NOW = Instant.now();
  private static final Instant LATER = NOW.plus(Duration.ofDays(3));

  private final TestAuthority root = TestAuthority.root("EC", Profile.authority("Ada", 0));
  private final TestAuthority signer = root.issue(Profile.signer("Ada"));
  private final TrustAnchors trusted = new TrustAnchors(List.of(root.certificate()));
  private final byte[] file = signedBy(signer);
  private String stampAlgorithm = "SHA256withECDSA";

  /** Others can forge it, so it attests nothing. */
  @Test
  void countsNoTimestampWithAWeakDigest() throws Exception {
    assertEquals(List.of(), stampedNow(file, trusted).faults());
    stampAlgorithm = "SHA1withECDSA";
    assertEquals(List.of("signingCredential.expired"), stampedNow(file, trusted).faults());
  }

  private static byte[] signedBy(TestAuthority signer) {
    SigningIdentity identity =
        new SigningIdentity(signer.keys().getPrivate(), List.of(signer.certificate()));
    return Disclosure.standard()
        .signer(identity)
        .encodePng(RgbImage.of(16, 16, new byte[16 * 16 * 3]));
  }

  @Test
  void saysOfAnExpiredCertificateThatItExpired() {
    for (TrustAnchors anchors : List.of(TrustAnchors.NONE, trusted)) {
      ManifestReport report = report(file, anchors, LATER);
      assertEquals(ManifestReport.State.INVALID, report.state());
      assertEquals(List.of("signingCredential.expired"), report.faults());
      assertTrue(report.isExpired());
      assertFalse(report.isAltered());
      assertEquals(
          "unchanged, but its signer's certificate expired on "
              + signer.certificate().getNotAfter().toInstant()
              + ", and no trusted time stamp shows when the signature was made",
          report.verdict());
    }
    assertEquals(ManifestReport.State.TRUSTED, report(file, trusted, NOW).state());
  }

  @Test
  void stillReportsAlterations() {
    byte[] altered = file.clone();
    altered[altered.length - 20] ^= 1;
    ManifestReport report = report(altered, trusted, LATER);
    assertTrue(report.isAltered() && report.isExpired());
    assertEquals(
        "altered or broken: signingCredential.expired, assertion.dataHash.mismatch",
        report.verdict());
  }

  @Test
  void refusesSignaturesTimestampedTooLate() throws Exception {
    assertEquals(List.of(), stampedNow(file, trusted).faults());
    byte[] late = signedBy(root.issue(Profile.signer("Ada").from(NOW.minus(Duration.ofDays(2)))));
    ManifestReport known = stampedNow(late, trusted);
    assertEquals(List.of("claimSignature.outsideValidity"), known.faults());
    assertTrue(known.isAltered());
    assertEquals(
        List.of("signingCredential.expired"),
        stampedNow(late, TrustAnchors.NONE).faults());
  }

  private static ManifestReport report(byte[] file, TrustAnchors anchors, Instant now) {
    return new ManifestReader(anchors, now).read(file).orElseThrow();
  }

  /**
   * What is found later about the claim of {@code file} with a time stamp of now, by an authority
   * that the same root vouches for.
   */
  private ManifestReport stampedNow(byte[] file, TrustAnchors anchors) throws Exception {
    ImageFile signed = ImageFile.of(file).orElseThrow();
    JumbfBox manifest = JumbfBox.parse(signed.manifest().orElseThrow()).boxes().get(0);
    TestAuthority clock =
        root.issue(Profile.signer("Clock").forPurposes(KeyPurposeId.id_kp_timeStamping));
    List<JumbfBox> parts = new ArrayList<>();
    for (JumbfBox part : manifest.boxes()) {
      parts.add(part.kind().equals(JumbfBox.SIGNATURE) ? stamped(part, clock) : part);
    }
    ManifestReport.Findings findings = new ManifestReport.Findings();
    new ClaimCheck(anchors, LATER)
        .check(
            Claim.of(JumbfBox.of(manifest.kind(), manifest.label(), parts)),
            Set.of(),
            new Claim.Hashes(new Cancellation()),
            findings);
    return new ManifestReport(
        ManifestReport.State.INVALID,
        "",
        "",
        List.of(),
        Optional.empty(),
        findings.all(),
        List.of());
  }

  private JumbfBox stamped(JumbfBox box, TestAuthority clock) throws Exception {
    CoseSign1 signature = CoseSign1.parse(box.content());
    byte[] token = token(signature.counterSignatureInput(Cbor.write(signature.signature())), clock);
    List<Object> cose = new ArrayList<>(List.of(
        signature.protectedBytes(),
        Map.of("sigTst2", Map.of("tstTokens", List.of(Map.of("val", token))))));
    cose.add(null);
    cose.add(signature.signature());
    return JumbfBox.of(box.kind(), box.label(), Cbor.write(new Cbor.Tagged(18, cose)));
  }

  private byte[] token(byte[] stamped, TestAuthority clock) throws Exception {
    X509Certificate certificate = clock.certificate();
    TimeStampTokenGenerator generator = new TimeStampTokenGenerator(
        new JcaSimpleSignerInfoGeneratorBuilder()
            .build(stampAlgorithm, clock.keys().getPrivate(), certificate),
        new JcaDigestCalculatorProviderBuilder()
            .build()
            .get(new AlgorithmIdentifier(TSPAlgorithms.SHA256)),
        new ASN1ObjectIdentifier("1.2.3"));
    generator.addCertificates(new JcaCertStore(List.of(certificate)));
    TimeStampRequestGenerator request = new TimeStampRequestGenerator();
    request.setCertReq(true);
    return generator
        .generate(
            request.generate(TSPAlgorithms.SHA256, Claim.Hashes.sha256(stamped)),
            BigInteger.ONE,
            Date.from(NOW))
        .getEncoded();
  }
}
