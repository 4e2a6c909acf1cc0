package dev.likeness.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.material.Material;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Files that others signed, spoilt or left unsigned, judged as c2pa-python judges them
 * (golden/c2pa/reports.json).
 */
class ContentCredentialsMaterialTest {
  @TestFactory
  Stream<DynamicTest> judgesAsTheReferenceDoes() throws IOException {
    try (InputStream in =
        ContentCredentialsMaterialTest.class.getResourceAsStream("/golden/c2pa/reports.json")) {
      Map<?, ?> files = (Map<?, ?>) JSON.std.mapFrom(in).get("files");
      return files.entrySet().stream()
          .map(file -> DynamicTest.dynamicTest(
              (String) file.getKey(),
              () -> compare((Map<?, ?>) file.getValue(), Material.of("c2pa/" + file.getKey()))));
    }
  }

  private static void compare(Map<?, ?> expected, Path file) {
    Optional<ManifestReport> found = Provenance.inspect(file).manifest();
    String error = (String) expected.get("error");
    if (error == null) {
      compare(expected, found.orElseThrow());
    } else if (error.equals("Other")) {
      // What the reference refuses to judge: an algorithm it does not know, a manifest of a
      // prerelease.
      assertEquals(ManifestReport.State.INVALID, found.orElseThrow().state());
    } else {
      assertTrue(found.isEmpty(), error);
    }
  }

  private static void compare(Map<?, ?> expected, ManifestReport found) {
    assertEquals(
        expected.get("state"), found.state() == ManifestReport.State.INVALID ? "Invalid" : "Valid");
    assertEquals(expected.get("active"), found.activeManifest());
    assertEquals(
        together(expected.get("failure"), expected.get("ingredients")),
        together(
            codes(found.findings(), ManifestReport.Finding.Kind.FAILURE),
            codes(found.ingredients(), ManifestReport.Finding.Kind.FAILURE)));
    assertEquals(
        comparable((List<?>) expected.get("success")),
        codes(found.findings(), ManifestReport.Finding.Kind.SUCCESS));
    assertEquals(
        expected.get("actions"),
        found.actions().stream()
            .map(action -> List.of(action.name(), action.sourceType()))
            .toList());
    ManifestReport.Signer signer = found.signer().orElseThrow();
    assertEquals(
        expected.get("issuer") + " "
            + expected.get("algorithm").toString().toUpperCase(Locale.ROOT),
        signer.name() + " " + signer.algorithm());
  }

  // The reference brings time-stamping authorities that it trusts.
  private static List<?> comparable(List<?> codes) {
    return codes.stream().filter(code -> !code.equals("timeStamp.trusted")).toList();
  }

  // It says of some faults of ingredients twice, and of others only when they are news.
  private static List<?> together(Object own, Object ingredients) {
    return Stream.concat(((List<?>) own).stream(), ((List<?>) ingredients).stream())
        .distinct()
        .sorted()
        .toList();
  }

  private static List<String> codes(
      List<ManifestReport.Finding> findings, ManifestReport.Finding.Kind kind) {
    return findings.stream()
        .filter(finding -> finding.kind() == kind)
        .map(ManifestReport.Finding::code)
        .sorted()
        .toList();
  }

  @Test
  void trustsTheTestCertificateIfGiven() {
    TrustAnchors anchors =
        TrustAnchors.open(Material.of("c2pa/certs/trust/test_cert_root_bundle.pem"));
    ManifestReport report =
        Provenance.inspect(Material.of("c2pa/CA.jpg"), anchors).manifest().orElseThrow();
    assertEquals(ManifestReport.State.TRUSTED, report.state());
  }
}
