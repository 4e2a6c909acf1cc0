package dev.likeness.provenance;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.internal.imagefile.XmpPacket;
import dev.likeness.provenance.c2pa.ManifestReader;
import dev.likeness.provenance.signing.TrustAnchors;
import java.time.Instant;

/**
 * Any bytes are judged or refused, never anything else. Runs on the seeds in its folder of
 * resources; {@code JAZZER_FUZZ=1 mvn -pl provenance test -Dtest=ProvenanceFuzzTest
 * -Djazzer.hooks=true} lets Jazzer make more of them.
 */
class ProvenanceFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void checksOrRefusesAnyBytes(byte[] bytes) {
    try {
      ImageFile.of(bytes).ifPresent(file -> {
        file.xmp().map(XmpPacket::parse);
        new ManifestReader(TrustAnchors.NONE, Instant.EPOCH).read(bytes);
      });
    } catch (InvalidInputException refused) {
      return;
    }
  }
}
