package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.signing.TrustAnchors;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Manifests that ask for more work than an image is worth. */
class ManifestLimitsTest {
  private static final Duration SHORT = Duration.ofSeconds(60);
  private static final String LARGE = "org.example.large";
  private static final List<String> MALFORMED = List.of("claim.malformed");

  /** 8,000 links to 8 MB would hash 64 GB. */
  @Test
  void hashesABoxOnceHoweverOftenItIsNamed() {
    ManifestReport report = assertTimeout(SHORT, () -> ForgedManifest.read(linked(8_000)));
    assertEquals(List.of(), report.faults());
    assertEquals(
        8_000,
        report.findings().stream()
            .filter(finding -> finding.url().endsWith(LARGE))
            .count());
  }

  @Test
  void countsLinks() {
    assertEquals(
        MALFORMED,
        assertTimeout(SHORT, () -> ForgedManifest.read(linked(10_100))).faults());
  }

  private static byte[] linked(int times) {
    ForgedManifest forged = new ForgedManifest().assertion(LARGE, Map.of("a", new byte[8 << 20]));
    return forged
        .claim(claim -> {
          List<?> links = (List<?>) claim.get("created_assertions");
          List<Object> many = new ArrayList<>(links.subList(1, links.size()));
          many.addAll(Collections.nCopies(times, links.get(0)));
          claim.put("created_assertions", many);
        })
        .png();
  }

  /** Each names the other, 200 times, with 200 faults of its own. */
  @Test
  void countsIngredientsThatNameEachOther() {
    JumbfBox other = ingredients("urn:c2pa:other", ForgedManifest.LABEL, 200);
    byte[] file = ingredientFile(other, "urn:c2pa:other");
    assertEquals(
        MALFORMED, assertTimeout(SHORT, () -> ForgedManifest.read(file)).faults());
  }

  private static JumbfBox ingredients(String label, String of, int count) {
    List<JumbfBox> assertions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      assertions.add(
          JumbfBox.of(JumbfBox.CBOR, "c2pa.ingredient__" + i, Cbor.write(ingredient(of))));
    }
    byte[] claim = Cbor.write(Map.of("created_assertions", List.of()));
    return JumbfBox.of(
        JumbfBox.MANIFEST,
        label,
        List.of(
            JumbfBox.of(JumbfBox.ASSERTIONS, "c2pa.assertions", assertions),
            JumbfBox.of(JumbfBox.CLAIM, "c2pa.claim.v2", claim)));
  }

  private static Map<String, Object> ingredient(String of) {
    return Map.of(
        "relationship",
        "componentOf",
        "activeManifest",
        Map.of("url", "self#jumbf=/c2pa/" + of, "hash", new byte[32], "alg", "sha256"));
  }

  private static byte[] ingredientFile(JumbfBox other, String label) {
    ForgedManifest forged = new ForgedManifest().before(other);
    for (int i = 0; i < 200; i++) {
      forged.assertion("c2pa.ingredient__" + i, ingredient(label));
    }
    return forged.png();
  }

  @Test
  void countsBoxesManifestsAndValues() {
    ForgedManifest boxes = new ForgedManifest();
    for (int i = 0; i < 5_100; i++) {
      boxes.assertion("a" + i, Map.of());
    }
    assertMalformed(boxes::png);
    ForgedManifest manifests = new ForgedManifest();
    for (int i = 0; i < 501; i++) {
      manifests.before(ingredients("urn:c2pa:" + i, "urn:c2pa:0", 1));
    }
    assertMalformed(manifests::png);
    assertMalformed(() -> new ForgedManifest()
        .claim(claim -> claim.put("other", Collections.nCopies(60_000, 0)))
        .png());
    assertMalformed(() -> new ForgedManifest()
        .assertion("c2pa.actions.v2", Map.of("actions", Collections.nCopies(60_000, 0)))
        .png());
    Object deep = List.of();
    for (int i = 0; i < 100; i++) {
      deep = List.of(deep);
    }
    Object nested = deep;
    assertMalformed(
        () -> new ForgedManifest().claim(claim -> claim.put("other", nested)).png());
  }

  private static void assertMalformed(Supplier<byte[]> file) {
    byte[] bytes = file.get();
    assertEquals(
        MALFORMED, assertTimeout(SHORT, () -> ForgedManifest.read(bytes)).faults());
  }

  @Test
  void countsCertificates() {
    byte[] file = new ForgedManifest()
        .signature(claim -> {
          TestAuthority one = TestAuthority.root("RSA", TestAuthority.Profile.signer("Ada"));
          return ForgedManifest.pss(
              claim, one, Collections.nCopies(10, one).toArray(new TestAuthority[0]));
        })
        .png();
    assertEquals(List.of("claimSignature.mismatch"), ForgedManifest.read(file).faults());
  }

  @Test
  void stopsWhenCancelled() {
    byte[] file = new ForgedManifest().png();
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    ManifestReader reader = new ManifestReader(TrustAnchors.NONE, Instant.now(), cancelled);
    assertThrows(CancelledException.class, () -> reader.read(file));
  }
}
