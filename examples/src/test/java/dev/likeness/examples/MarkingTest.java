package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import dev.likeness.vault.ReceiptSigner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What modules that do not know each other agree about, where all of them are on the class path.
 */
class MarkingTest {
  private static final RgbImage IMAGE = RgbImage.of(64, 64, new byte[64 * 64 * 3]);

  @TempDir
  private Path folder;

  @Test
  void contentCredentialsRankBeforeXmpAlone() {
    assertArrayEquals(
        Disclosure.standard().encodePng(IMAGE),
        GeneratedImage.Marking.load().encodePng(IMAGE, false));
  }

  @Test
  void aProgramChoosesAMarkingByName() throws Exception {
    assertEquals(
        List.of("disclosure", "xmp", "plain"),
        GeneratedImage.Marking.available().stream()
            .map(GeneratedImage.Marking::name)
            .toList());
    assertArrayEquals(IMAGE.toPng(), GeneratedImage.Marking.named("plain").encodePng(IMAGE, false));
    Headshot photo = Headshot.of(IMAGE, Style.named("studio"), "Ada");
    byte[] xmp = photo.encode(ImageFormat.PNG, GeneratedImage.Marking.named("xmp"));
    Provenance read = Provenance.inspect("the image", xmp, TrustAnchors.NONE);
    assertTrue(read.sourceType().isPresent() && read.manifest().isEmpty(), read::toString);
    photo.write(folder);
    assertTrue(Files.exists(folder.resolve("studio-0.png")));
    assertEquals(
        "no marking on the class path is called \"none\"; known: [disclosure, xmp, plain]",
        assertThrows(IllegalArgumentException.class, () -> GeneratedImage.Marking.named("none"))
            .getMessage());
  }

  @Test
  void headshotsAreEditedInTheirContentCredentialsToo() throws Exception {
    Headshot photo = Headshot.of(IMAGE, Style.named("studio"), "Ada");
    Path file = folder.resolve("shop.png");
    photo.write(file, Disclosure.standard().generator("Shop"));
    for (byte[] bytes :
        List.of(photo.encodePng(), photo.encode(ImageFormat.JPEG), Files.readAllBytes(file))) {
      assertEquals(List.of("c2pa.opened", "c2pa.edited"), actions(bytes));
    }
    Headshot generated = new Headshot(IMAGE, photo.style(), 0, photo.request(), 1);
    assertEquals(List.of("c2pa.created"), actions(generated.encodePng()));
  }

  @Test
  void theDevelopmentIdentitySignsReceiptsAsImages() {
    SigningIdentity images = SigningIdentity.development();
    ReceiptSigner receipts = ReceiptSigner.development();
    assertEquals(images.chain(), receipts.chain());
    assertArrayEquals(images.sign(new byte[9]), receipts.sign(new byte[9]));
  }

  private static List<String> actions(byte[] file) {
    return Provenance.inspect("the image", file, TrustAnchors.NONE)
        .manifest()
        .orElseThrow()
        .actions()
        .stream()
        .map(ManifestReport.Action::name)
        .toList();
  }
}
