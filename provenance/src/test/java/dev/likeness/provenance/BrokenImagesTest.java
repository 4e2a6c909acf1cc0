package dev.likeness.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.material.Material;
import dev.likeness.provenance.c2pa.ManifestReader;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BrokenImagesTest {
  private static final List<byte[]> FILES = List.of(
      Disclosure.standard().encodePng(TestImages.of(64, 64, 1)),
      Disclosure.standard().encodeJpeg(TestImages.of(64, 64, 1)));

  @Test
  void checksOrRefusesTruncatedFiles() {
    for (byte[] file : FILES) {
      for (int length = 0; length < file.length; length += 7) {
        check(Arrays.copyOf(file, length));
      }
    }
  }

  @Test
  void checksOrRefusesChangedManifests() {
    for (byte[] file : FILES) {
      checkChanged(file, 1500);
    }
  }

  /** Among them one with a time stamp and several certificates. */
  @Test
  void checksOrRefusesChangedManifestsOfOthers() throws IOException {
    for (String name : List.of("C.jpg", "ocsp.jpg")) {
      checkChanged(Files.readAllBytes(Material.of("c2pa/" + name)), 200);
    }
  }

  private static void checkChanged(byte[] file, int times) {
    Random random = new Random(3);
    ImageFile.Part manifest = ImageFile.of(file).orElseThrow().manifestPart().orElseThrow();
    for (int i = 0; i < times; i++) {
      byte[] changed = file.clone();
      for (int n = 0; n < 1 + i % 3; n++) {
        int at = manifest.start() + random.nextInt(manifest.end() - manifest.start());
        changed[at] = (byte) random.nextInt(256);
      }
      check(changed);
    }
  }

  /** Whether a manifest updates another is said outside of what is signed. */
  @Test
  void believesNoManifestThatIsMadeAnUpdate() throws IOException {
    for (byte[] file : List.of(FILES.get(1), Files.readAllBytes(Material.of("c2pa/C.jpg")))) {
      ManifestReport report = read(replaced(file, "c2ma", "c2um"));
      assertEquals(ManifestReport.State.INVALID, report.state());
      assertTrue(
          report.findings().stream()
              .anyMatch(finding -> finding.code().equals("manifest.update.invalid")),
          report.toString());
    }
  }

  private static ManifestReport read(byte[] file) {
    return new ManifestReader(TrustAnchors.NONE, Instant.EPOCH).read(file).orElseThrow();
  }

  private static byte[] replaced(byte[] file, String type, String by) {
    String all = new String(file, StandardCharsets.ISO_8859_1);
    String rest = "\0\021\0\020\200";
    assertTrue(all.contains(type + rest));
    return all.replace(type + rest, by + rest).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void saysWhereAFileEnds() {
    byte[] png = Arrays.copyOf(FILES.get(0), 50);
    assertEquals(
        "the PNG file ends within the chunk at byte 33; download or save it again",
        assertThrows(InvalidInputException.class, () -> ImageFile.of(png)).getMessage());
    byte[] jpeg = Arrays.copyOf(FILES.get(1), 40);
    assertEquals(
        "the JPEG file ends within the segment at byte 20; download or save it again",
        assertThrows(InvalidInputException.class, () -> ImageFile.of(jpeg)).getMessage());
  }

  // Any other exception fails the test.
  private static void check(byte[] bytes) {
    try {
      new ManifestReader(TrustAnchors.NONE, Instant.EPOCH).read(bytes);
    } catch (InvalidInputException refused) {
      assertEquals(1, refused.getMessage().lines().count());
    }
  }
}
