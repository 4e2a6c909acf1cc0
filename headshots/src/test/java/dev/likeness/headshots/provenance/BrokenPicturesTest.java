package dev.likeness.headshots.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.material.Material;
import dev.likeness.headshots.provenance.c2pa.ManifestReader;
import dev.likeness.headshots.provenance.c2pa.TrustAnchors;
import dev.likeness.headshots.provenance.file.FilePart;
import dev.likeness.headshots.provenance.file.PictureFile;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BrokenPicturesTest {
  private static final List<byte[]> FILES = List.of(Disclosure.standard().png(TestPictures.of(64, 64, 1)),
      Disclosure.standard().jpeg(TestPictures.of(64, 64, 1)));

  @Test
  void judgesOrRefusesWhatIsCutOff() {
    for (byte[] file : FILES) {
      for (int length = 0; length < file.length; length += 7) {
        judge(Arrays.copyOf(file, length));
      }
    }
  }

  @Test
  void judgesOrRefusesWhatIsChangedInItsManifest() {
    for (byte[] file : FILES) {
      judgeChanged(file, 3000);
    }
  }

  /** Among them one with a time stamp and several certificates. */
  @Test
  void judgesOrRefusesWhatIsChangedInTheManifestsOfOthers() throws IOException {
    for (String name : List.of("C.jpg", "ocsp.jpg")) {
      judgeChanged(Files.readAllBytes(Material.of("c2pa/" + name)), 200);
    }
  }

  private static void judgeChanged(byte[] file, int times) {
    Random random = new Random(3);
    FilePart manifest = PictureFile.of(file).orElseThrow().manifestPart().orElseThrow();
    for (int i = 0; i < times; i++) {
      byte[] changed = file.clone();
      for (int n = 0; n < 1 + i % 3; n++) {
        int at = manifest.start() + random.nextInt(manifest.end() - manifest.start());
        changed[at] = (byte) random.nextInt(256);
      }
      judge(changed);
    }
  }

  @Test
  void saysWhereAFileEnds() {
    byte[] png = Arrays.copyOf(FILES.get(0), 50);
    assertEquals("the PNG file ends within the chunk at byte 33; download or save it again",
        assertThrows(UnusableInput.class, () -> PictureFile.of(png)).getMessage());
    byte[] jpeg = Arrays.copyOf(FILES.get(1), 40);
    assertEquals("the JPEG file ends within the segment at byte 20; download or save it again",
        assertThrows(UnusableInput.class, () -> PictureFile.of(jpeg)).getMessage());
  }

  // Any other exception fails the test.
  private static void judge(byte[] bytes) {
    try {
      PictureFile.of(bytes).ifPresent(file -> new ManifestReader(TrustAnchors.NONE, Instant.EPOCH).read(file));
    } catch (UnusableInput refused) {
      assertEquals(1, refused.getMessage().lines().count());
    }
  }
}
