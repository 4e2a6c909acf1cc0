package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.signing.TrustAnchors;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClaimCheckTest {
  private static final String UNDECLARED = "assertion.undeclared";

  private final JumbfBox manifest = manifest();

  @Test
  void aSecondAssertionOfOneLabelIsNotCoveredByTheFirst() throws JumbfBox.MalformedManifest {
    List<JumbfBox> parts = new ArrayList<>();
    for (JumbfBox part : manifest.boxes()) {
      parts.add(part.kind().equals(JumbfBox.ASSERTIONS) ? withTwo(part) : part);
    }
    assertEquals(0, undeclared(manifest));
    assertEquals(1, undeclared(JumbfBox.of(manifest.kind(), manifest.label(), parts)));
  }

  private static JumbfBox withTwo(JumbfBox assertions) throws JumbfBox.MalformedManifest {
    JumbfBox first = assertions.boxes().get(0);
    List<JumbfBox> more = new ArrayList<>(assertions.boxes());
    more.add(JumbfBox.of(first.kind(), first.label(), first.content()));
    return JumbfBox.of(assertions.kind(), assertions.label(), more);
  }

  private static long undeclared(JumbfBox manifest) throws JumbfBox.MalformedManifest {
    ManifestReport.Findings findings = new ManifestReport.Findings();
    new ClaimCheck(TrustAnchors.NONE, Instant.now())
        .check(Claim.of(manifest), Set.of(), new Claim.Hashes(new Cancellation()), findings);
    return findings.all().stream()
        .filter(finding -> finding.code().equals(UNDECLARED))
        .count();
  }

  private static JumbfBox manifest() {
    try {
      byte[] file = Disclosure.standard().encodeJpeg(RgbImage.of(16, 16, new byte[16 * 16 * 3]));
      return JumbfBox.parse(ImageFile.of(file).orElseThrow().manifest().orElseThrow())
          .boxes()
          .get(0);
    } catch (JumbfBox.MalformedManifest e) {
      throw new IllegalStateException(e);
    }
  }
}
