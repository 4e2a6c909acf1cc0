package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.TestAuthority.Profile;
import dev.likeness.provenance.signing.SignatureAlgorithm;
import dev.likeness.provenance.signing.TrustAnchors;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.spec.ECParameterSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Keys and digests that others can forge. */
class WeakSignatureTest {
  private static final String STRONG = "SHA256withRSA";

  // Long keys take long to find.
  private static final TestAuthority ROOT =
      TestAuthority.root("RSA", Profile.authority("Company", 2));
  private static final KeyPair LONG_KEYS = TestAuthority.keyPair("RSA", 2048);
  private static final KeyPair SHORT_KEYS = TestAuthority.keyPair("RSA", 1024);

  private final Profile ada = Profile.signer("Ada");

  @Test
  void trustsStrongOnes() {
    byte[] file = signed(ROOT.issue(ada, LONG_KEYS, STRONG), ROOT);
    assertEquals(
        ManifestReport.State.TRUSTED,
        ForgedManifest.read(file, ROOT.certificate()).state());
    assertEquals(ManifestReport.State.VALID, ForgedManifest.read(file).state());
  }

  @Test
  void trustsNoShortKeyOfASigner() {
    assertWeak(ROOT.issue(ada, SHORT_KEYS, STRONG), ROOT);
    assertWeak(ROOT.issue(ada, TestAuthority.keyPair("RSA", 1536), STRONG), ROOT);
  }

  @Test
  void namesTheLengthOfAShortKey() {
    String refusal = assertThrows(
            IllegalArgumentException.class, () -> SignatureAlgorithm.of(SHORT_KEYS.getPrivate()))
        .getMessage();
    assertTrue(refusal.endsWith(", got RSA with 1024 bits"), refusal);
  }

  @Test
  void signsOnTheCurvesOfContentCredentialsOnly() throws NoSuchAlgorithmException {
    ECParameterSpec known = ((ECKey) TestAuthority.keyPair("EC", 256).getPrivate()).getParams();
    ECParameterSpec shorter = new ECParameterSpec(
        known.getCurve(), known.getGenerator(), known.getOrder().shiftRight(32), 1);
    String refusal = assertThrows(
            IllegalArgumentException.class, () -> SignatureAlgorithm.of(new CurveKey(shorter)))
        .getMessage();
    assertTrue(refusal.endsWith(", got EC with 224 bits"), refusal);
    assertEquals(SignatureAlgorithm.ES256, SignatureAlgorithm.of(new CurveKey(known)));
    PrivateKey edwards = KeyPairGenerator.getInstance("Ed448").generateKeyPair().getPrivate();
    String longer = assertThrows(
            IllegalArgumentException.class, () -> SignatureAlgorithm.of(edwards))
        .getMessage();
    assertTrue(longer.endsWith(", got Ed448"), longer);
  }

  /** A key on a curve that the JDK need not know. */
  private record CurveKey(ECParameterSpec getParams) implements PrivateKey, ECKey {
    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public String getFormat() {
      return "none";
    }

    @Override
    public byte[] getEncoded() {
      return new byte[0];
    }
  }

  @Test
  void trustsNoCertificateWithAWeakDigest() {
    for (String algorithm :
        List.of("SHA1withRSA", "MD5withRSA", "SHA224withRSA", "SHA1withRSAandMGF1")) {
      assertWeak(ROOT.issue(ada, LONG_KEYS, algorithm), ROOT);
    }
    TestAuthority curves = TestAuthority.root("EC", Profile.authority("Curves", 2));
    assertWeak(curves.issue(ada, LONG_KEYS, "SHA1withECDSA"), curves);
  }

  @Test
  void trustsNoWeakAuthorityBetween() {
    Profile department = Profile.authority("Department", 0);
    TestAuthority shortOne = ROOT.issue(department, SHORT_KEYS, STRONG);
    assertWeak(shortOne.issue(ada, LONG_KEYS, STRONG), shortOne, ROOT);
    TestAuthority old = ROOT.issue(department, TestAuthority.keyPair("RSA", 2048), "SHA1withRSA");
    assertWeak(old.issue(ada, LONG_KEYS, STRONG), old, ROOT);
  }

  /** An anchor is trusted as it is, but not with a key that others have broken. */
  @Test
  void trustsAnAnchorByItsKeyAndNotByItsOwnSignature() {
    TestAuthority weak = TestAuthority.root("RSA", Profile.authority("Old", 1))
        .issue(Profile.authority("Weak", 1), SHORT_KEYS, STRONG);
    byte[] file = signed(weak.issue(ada, LONG_KEYS, STRONG));
    assertFalse(
        ForgedManifest.read(file, weak.certificate()).state() == ManifestReport.State.TRUSTED);
  }

  @Test
  void trustsNoWeakSignerByItsOwnCertificate() {
    TestAuthority self = ROOT.issue(ada, SHORT_KEYS, STRONG);
    List<X509Certificate> chain = List.of(self.certificate());
    assertFalse(new TrustAnchors(chain).trusts(chain));
    ManifestReport report = ForgedManifest.read(signed(self), self.certificate());
    assertTrue(report.isWeak());
  }

  private void assertWeak(TestAuthority signer, TestAuthority... issuers) {
    byte[] file = signed(signer, issuers);
    TestAuthority top = issuers[issuers.length - 1];
    for (X509Certificate[] trusted :
        new X509Certificate[][] {{}, {top.certificate()}, {signer.certificate()}}) {
      ManifestReport report = ForgedManifest.read(file, trusted);
      assertEquals(ManifestReport.State.INVALID, report.state());
      assertEquals(List.of("signingCredential.invalid"), report.faults());
      assertEquals("signed with a key or digest too weak to trust", report.verdict());
    }
    Provenance found = Provenance.inspect("the image", file, TrustAnchors.NONE);
    assertTrue(found.isAltered(), "whoever asks only this is warned, too");
    assertEquals("invalid", ((Map<?, ?>) found.toMap().get("manifest")).get("state"));
  }

  private static byte[] signed(TestAuthority signer, TestAuthority... issuers) {
    return new ForgedManifest()
        .signature(claim -> ForgedManifest.pss(claim, signer, issuers))
        .png();
  }
}
