package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.TestAuthority.Profile;
import dev.likeness.provenance.signing.TrustAnchors;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Keys and digests that others can forge. */
class WeakSignatureTest {
  private static final String STRONG = "SHA256withRSA";

  private final Profile ada = Profile.signer("Ada");
  private final TestAuthority root = TestAuthority.root("RSA", Profile.authority("Company", 2));
  private final KeyPair longKeys = TestAuthority.keyPair("RSA", 2048);
  private final KeyPair shortKeys = TestAuthority.keyPair("RSA", 1024);

  @Test
  void trustsStrongOnes() {
    byte[] file = signed(root.issue(ada, longKeys, STRONG), root);
    assertEquals(
        ManifestReport.State.TRUSTED,
        ForgedManifest.read(file, root.certificate()).state());
    assertEquals(ManifestReport.State.VALID, ForgedManifest.read(file).state());
  }

  @Test
  void trustsNoShortKeyOfASigner() {
    assertWeak(root.issue(ada, shortKeys, STRONG), root);
    assertWeak(root.issue(ada, TestAuthority.keyPair("RSA", 1536), STRONG), root);
  }

  @Test
  void trustsNoCertificateWithAWeakDigest() {
    for (String algorithm :
        List.of("SHA1withRSA", "MD5withRSA", "SHA224withRSA", "SHA1withRSAandMGF1")) {
      assertWeak(root.issue(ada, longKeys, algorithm), root);
    }
    TestAuthority curves = TestAuthority.root("EC", Profile.authority("Curves", 2));
    assertWeak(curves.issue(ada, longKeys, "SHA1withECDSA"), curves);
  }

  @Test
  void trustsNoWeakAuthorityBetween() {
    Profile department = Profile.authority("Department", 0);
    TestAuthority shortOne = root.issue(department, shortKeys, STRONG);
    assertWeak(shortOne.issue(ada, longKeys, STRONG), shortOne, root);
    TestAuthority old = root.issue(department, TestAuthority.keyPair("RSA", 2048), "SHA1withRSA");
    assertWeak(old.issue(ada, longKeys, STRONG), old, root);
  }

  /** An anchor is trusted as it is, but not with a key that others have broken. */
  @Test
  void trustsAnAnchorByItsKeyAndNotByItsOwnSignature() {
    TestAuthority weak = TestAuthority.root("RSA", Profile.authority("Old", 1))
        .issue(Profile.authority("Weak", 1), shortKeys, STRONG);
    byte[] file = signed(weak.issue(ada, longKeys, STRONG));
    assertFalse(
        ForgedManifest.read(file, weak.certificate()).state() == ManifestReport.State.TRUSTED);
  }

  @Test
  void trustsNoWeakSignerByItsOwnCertificate() {
    TestAuthority self = root.issue(ada, shortKeys, STRONG);
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
