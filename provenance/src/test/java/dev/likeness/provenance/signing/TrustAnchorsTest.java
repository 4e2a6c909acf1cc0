package dev.likeness.provenance.signing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.TestAuthority.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustAnchorsTest {
  private static final KeyPurposeId EMAIL = KeyPurposeId.id_kp_emailProtection;
  private static final KeyPurposeId DOCUMENTS =
      KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.36"));
  private static final KeyPurposeId CLAIMS =
      KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.4.1.62558.2.1"));

  private final Profile signer = Profile.signer("Ada");
  private final TestAuthority root = TestAuthority.root("EC", Profile.authority("Company", 1));
  private final TestAuthority middle = root.issue(Profile.authority("Department", 0));
  private final TrustAnchors anchors = new TrustAnchors(List.of(root.certificate()));

  @Test
  void vouchesForSignersThatAnAuthorityIssued() {
    for (KeyPurposeId purpose : List.of(EMAIL, DOCUMENTS, CLAIMS)) {
      assertTrue(isTrusted(root.issue(signer.forPurposes(purpose, KeyPurposeId.id_kp_clientAuth))));
    }
    assertTrue(isTrusted(root.issue(signer.usage(0))));
    assertTrue(isTrusted(middle.issue(signer), middle));
    assertTrue(isTrusted(middle.issue(signer), root, root, middle));
    assertFalse(isTrusted(middle.issue(signer)));
  }

  @Test
  void refusesAFileWithoutACertificate(@TempDir Path folder) throws IOException {
    Path empty = Files.createFile(folder.resolve("anchors.pem"));
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> TrustAnchors.open(empty));
    assertEquals(
        empty + " has no certificate; give a PEM file of certificates", refused.getMessage());
  }

  @Test
  void refusesCertificatesThatAreNotForSigning() {
    assertFalse(isTrusted(root.issue(signer.forPurposes(KeyPurposeId.id_kp_serverAuth))));
    assertFalse(isTrusted(root.issue(signer.forPurposes())));
    for (KeyPurposeId excluded : List.of(
        KeyPurposeId.anyExtendedKeyUsage,
        KeyPurposeId.id_kp_timeStamping,
        KeyPurposeId.id_kp_OCSPSigning)) {
      assertFalse(isTrusted(root.issue(signer.forPurposes(EMAIL, excluded))));
    }
    assertFalse(isTrusted(root.issue(signer.usage(KeyUsage.keyEncipherment))));
    assertFalse(isTrusted(root.issue(Profile.authority("Department", 0)
        .forPurposes(EMAIL)
        .usage(KeyUsage.digitalSignature | KeyUsage.keyCertSign))));
    assertFalse(isTrusted(root));
  }

  @Test
  void followsNoPathThatAnAuthorityForbids() {
    TestAuthority third = middle.issue(Profile.authority("Team", 0));
    assertFalse(isTrusted(third.issue(signer), third, middle));
    TestAuthority narrow = TestAuthority.root("EC", Profile.authority("Narrow", 0));
    TestAuthority below = narrow.issue(Profile.authority("Department", 0));
    assertFalse(
        new TrustAnchors(List.of(narrow.certificate())).trusts(chain(below.issue(signer), below)));
    TestAuthority noAuthority = root.issue(signer);
    assertFalse(isTrusted(noAuthority.issue(signer), noAuthority));
    TestAuthority signsNoCertificates =
        root.issue(Profile.authority("Department", 0).usage(KeyUsage.digitalSignature));
    assertFalse(isTrusted(signsNoCertificates.issue(signer), signsNoCertificates));
  }

  @Test
  void followsNoPathThatIsNotValidThen() {
    TestAuthority past = root.issue(
        Profile.authority("Department", 0).from(Instant.now().minus(Duration.ofDays(2))));
    assertFalse(isTrusted(past.issue(signer), past));
    List<X509Certificate> own = chain(root.issue(signer));
    assertFalse(anchors.trusts(own, Instant.now().plus(Duration.ofDays(2))));
    assertFalse(new TrustAnchors(own).trusts(own, Instant.now().plus(Duration.ofDays(2))));
  }

  @Test
  void trustsASignerByTheirOwnCertificateButNoAuthorityThatSigns() {
    List<X509Certificate> alone = chain(TestAuthority.root("EC", signer.forPurposes()));
    assertTrue(new TrustAnchors(alone).trusts(alone));
    assertFalse(TrustAnchors.NONE.trusts(alone));
  }

  @Test
  void acceptsTimestampsOfTimeAuthoritiesOnly() {
    Instant now = Instant.now();
    assertTrue(anchors.trustsTimestamp(
        chain(root.issue(signer.forPurposes(KeyPurposeId.id_kp_timeStamping))), now));
    assertFalse(anchors.trustsTimestamp(chain(root.issue(signer)), now));
    assertFalse(anchors.trustsTimestamp(
        chain(root.issue(signer.forPurposes(KeyPurposeId.id_kp_timeStamping, EMAIL))), now));
  }

  private boolean isTrusted(TestAuthority... chain) {
    return anchors.trusts(chain(chain));
  }

  private static List<X509Certificate> chain(TestAuthority... chain) {
    return Stream.of(chain).map(TestAuthority::certificate).toList();
  }
}
