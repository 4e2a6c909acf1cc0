package dev.likeness.provenance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.drew.imaging.ImageMetadataReader;
import com.drew.metadata.icc.IccDirectory;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.provenance.TestAuthority.Profile;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.internal.DisclosureMarking;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DisclosureTest {
  private static final String MODEL =
      "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
  private static final RgbImage IMAGE = TestImages.of(320, 264, 1);

  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "webp"})
  void saysThreeTimesThatAModelMadeIt(String format) {
    Provenance found =
        Provenance.inspect("the image", bytes(format, Disclosure.standard()), TrustAnchors.NONE);
    assertEquals("image/" + format, found.mediaType());
    assertEquals(MODEL, found.sourceType().orElseThrow());
    assertEquals(OptionalInt.of(48), found.watermarkBits());
    ManifestReport manifest = found.manifest().orElseThrow();
    assertEquals(ManifestReport.State.VALID, manifest.state());
    assertEquals(List.of(new ManifestReport.Action("c2pa.created", MODEL)), manifest.actions());
    assertEquals(
        "Likeness development certificate: do not trust",
        manifest.signer().orElseThrow().name());
    assertTrue(found.isDisclosed() && !found.isAltered());
  }

  @Test
  void reportsThePixelsOfItsFiles() {
    Disclosure standard = Disclosure.standard();
    List<GeneratedImage.Marking> markings = List.of(
        standard,
        standard.label("AI-generated"),
        standard.edited(true),
        standard.forContactSheets(),
        new DisclosureMarking());
    for (RgbImage image : List.of(IMAGE, TestImages.of(64, 64, 2))) {
      for (GeneratedImage.Marking marking : markings) {
        for (boolean edited : new boolean[] {false, true}) {
          assertEquals(
              RgbImage.read("the file", marking.encodePng(image, edited)),
              marking.markPixels(image, edited),
              marking + " " + image + " " + edited);
        }
      }
    }
    assertNotEquals(IMAGE, standard.markPixels(IMAGE, false), "the watermark changes pixels");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "webp"})
  void noticesEveryChangedByteOutsideTheManifest(String format) {
    byte[] bytes =
        Disclosure.standard().encode(TestImages.of(64, 64, 1), ImageFormat.parse(format));
    ImageFile.Part manifest = ImageFile.of(bytes).orElseThrow().manifestPart().orElseThrow();
    Random random = new Random(5);
    for (int i = 0; i < 60; i++) {
      byte[] changed = bytes.clone();
      int at = random.nextInt(bytes.length - manifest.end() + manifest.start());
      at += at < manifest.start() ? 0 : manifest.end() - manifest.start();
      changed[at] ^= (byte) (1 + random.nextInt(255));
      assertTrue(isNoticed(changed), "byte " + at);
    }
  }

  // A broken file, a file whose manifest is no longer found, or one that no longer matches.
  private static boolean isNoticed(byte[] changed) {
    try {
      Provenance found = Provenance.inspect("the image", changed, TrustAnchors.NONE);
      return found.isAltered() || found.manifest().isEmpty();
    } catch (InvalidInputException broken) {
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "webp"})
  void carriesTheProfileThatItsColoursAreIn(String format) throws Exception {
    byte[] file = bytes(format, Disclosure.standard());
    IccDirectory profile = ImageMetadataReader.readMetadata(new ByteArrayInputStream(file))
        .getFirstDirectoryOfType(IccDirectory.class);
    assertEquals("RGB", profile.getString(IccDirectory.TAG_COLOR_SPACE).strip());
    assertTrue(
        new String(profile.getByteArray(IccDirectory.TAG_TAG_desc), StandardCharsets.ISO_8859_1)
            .contains("sRGB"));
    assertEquals(
        320, new PhotoDecoder(DecodeLimits.DEFAULT).decode("it", file).image().width());
  }

  @Test
  void isTrustedWhereTheApplicationsCertificateIs() throws IOException {
    SigningIdentity application = ApplicationIdentity.make(folder, "EC", "Ada's Headshots");
    byte[] bytes =
        Disclosure.standard().signer(application).generator("Ada's Studio").encodePng(IMAGE);
    ManifestReport stranger =
        Provenance.inspect("the image", bytes, TrustAnchors.NONE).manifest().orElseThrow();
    assertEquals(ManifestReport.State.VALID, stranger.state());
    TrustAnchors anchors = new TrustAnchors(List.of(application.chain().get(1)));
    ManifestReport friend =
        Provenance.inspect("the image", bytes, anchors).manifest().orElseThrow();
    assertEquals(ManifestReport.State.TRUSTED, friend.state());
    assertEquals(
        "Ada's Studio, Ada's Headshots, ES256",
        friend.generator() + ", " + friend.signer().orElseThrow().name() + ", "
            + friend.signer().orElseThrow().algorithm());
  }

  @Test
  void signsWithRsaToo() throws IOException {
    SigningIdentity application = ApplicationIdentity.make(folder, "RSA", "Ada");
    byte[] bytes = Disclosure.standard().signer(application).encodeJpeg(IMAGE);
    ManifestReport report =
        Provenance.inspect("the image", bytes, TrustAnchors.NONE).manifest().orElseThrow();
    assertEquals(List.of(), report.faults());
    assertEquals("PS256", report.signer().orElseThrow().algorithm());
  }

  @Test
  void refusesAKeyOfAnotherCertificate() throws IOException {
    SigningIdentity one = ApplicationIdentity.make(folder.resolve("one"), "EC", "One");
    SigningIdentity two = ApplicationIdentity.make(folder.resolve("two"), "EC", "Two");
    Exception e = assertThrows(
        IllegalArgumentException.class, () -> new SigningIdentity(one.key(), two.chain()));
    assertEquals(
        "the private key does not belong to the certificate of O=Two, CN=Two signer; give the key"
            + " of that certificate",
        e.getMessage());
  }

  @Test
  void refusesACertificateThatIsNotValidNow() {
    Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);
    Profile old = Profile.signer("Ada").from(end.minus(Duration.ofDays(1)));
    Exception e = assertThrows(
        InvalidInputException.class, () -> ApplicationIdentity.make(folder, "EC", "Ada", old));
    String told = "the certificate of O=Ada, CN=Ada signer in " + folder.resolve("chain.pem")
        + " is valid from " + old.from() + " until " + end + ", but the time is ";
    assertTrue(e.getMessage().startsWith(told), e.getMessage());
    assertTrue(e.getMessage().endsWith("; give a certificate that is valid now"), e.getMessage());
    assertThrows(
        InvalidInputException.class,
        () -> ApplicationIdentity.make(
            folder, "EC", "Ada", old.from(Instant.now().plusSeconds(3600))));
  }

  @Test
  void refusesACertificateThatIsNotForSigning() {
    Profile server = Profile.signer("Ada").forPurposes(KeyPurposeId.id_kp_serverAuth);
    Exception e = assertThrows(
        InvalidInputException.class, () -> ApplicationIdentity.make(folder, "EC", "Ada", server));
    assertEquals(
        "the certificate of O=Ada, CN=Ada signer in " + folder.resolve("chain.pem")
            + " has the extended key usages [1.3.6.1.5.5.7.3.1]; a signer's certificate has "
            + "emailProtection (1.3.6.1.5.5.7.3.4), documentSigning (1.3.6.1.5.5.7.3.36) or C2PA's "
            + "claimSigning (1.3.6.1.4.1.62558.2.1), and none of [2.5.29.37.0, 1.3.6.1.5.5.7.3.8, "
            + "1.3.6.1.5.5.7.3.9]; give another certificate, because readers of content"
            + " credentials do not trust the signatures of this one",
        e.getMessage());
  }

  @Test
  void isTheSameFileForTheSameImage() {
    assertArrayEquals(
        Disclosure.standard().encodePng(IMAGE),
        Disclosure.standard().encodePng(TestImages.of(320, 264, 1)));
  }

  @Test
  void writesNothingElseAboutTheImage() {
    String text = new String(Disclosure.standard().encodePng(IMAGE), StandardCharsets.ISO_8859_1);
    assertFalse(text.contains("tEXt") || text.contains("zTXt") || text.contains("tIME"));
    assertEquals(1, text.split("iTXt", -1).length - 1);
  }

  @Test
  void isUsedForGeneratedImagesOfTheLibrary() {
    assertArrayEquals(
        Disclosure.standard().encodePng(IMAGE),
        GeneratedImage.Marking.load().encodePng(IMAGE, false));
    assertArrayEquals(
        Disclosure.standard().edited(true).encodeJpeg(IMAGE),
        GeneratedImage.Marking.load().encode(IMAGE, ImageFormat.JPEG, true));
  }

  @Test
  void labelsOnlyWhenAsked() throws IOException {
    byte[] plain = Disclosure.standard().encodePng(IMAGE);
    byte[] labelled = Disclosure.standard().label("AI-generated").encodePng(IMAGE);
    RgbImage before = RgbImage.read(Files.write(folder.resolve("plain.png"), plain));
    RgbImage after = RgbImage.read(Files.write(folder.resolve("labelled.png"), labelled));
    assertNotEquals(before.crop(0, 230, 60, 34), after.crop(0, 230, 60, 34));
    assertEquals(48, Watermark.read(after).orElseThrow());
  }

  /** Words that are longer than the image is wide. */
  @Test
  void labelsInAsManyLinesAsTheWordsNeed() throws IOException {
    String words = "drawn by artificial intelligence from photos, and not a photograph of anybody ";
    RgbImage one = labelled(words + "here");
    assertNotEquals(one, labelled(words + "there"), "the last word is seen");
    assertNotEquals(
        labelled("drawn").crop(0, 200, 60, 30),
        one.crop(0, 200, 60, 30),
        "it takes more than a line");
    assertDoesNotThrow(() -> labelled("d".repeat(200)), "no space to break at");
  }

  private RgbImage labelled(String words) throws IOException {
    return RgbImage.read(Files.write(
        folder.resolve("labelled.png"), Disclosure.standard().label(words).encodePng(IMAGE)));
  }

  @Test
  void namesTheFileThatIsNoKeyAndNoCertificate() throws IOException {
    ApplicationIdentity.make(folder, "EC", "Ada");
    Path key = folder.resolve("key.pem");
    Path chain = folder.resolve("chain.pem");
    Path none = folder.resolve("none.pem");
    assertNames(none, none, chain);
    assertEquals(
        folder + " is a folder; give a file",
        assertThrows(InvalidInputException.class, () -> SigningIdentity.open(key, folder))
            .getMessage());
    assertNames(none, key, none);
    String pem = Files.readString(chain);
    Path garbled = Files.writeString(
        folder.resolve("garbled.pem"), pem.substring(0, 200) + "#?" + pem.substring(200));
    assertNames(garbled, key, garbled);
    Path half =
        Files.writeString(folder.resolve("half.pem"), Files.readString(key).substring(0, 60));
    assertNames(half, half, chain);
  }

  private static void assertNames(Path file, Path key, Path chain) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> SigningIdentity.open(key, chain));
    assertTrue(
        refusal.getMessage().startsWith("cannot read " + file + ": ")
            && refusal.getMessage().endsWith("; give a complete PEM file"),
        refusal.getMessage());
  }

  @Test
  void saysWhenPhotosAreInIt() {
    byte[] bytes = Disclosure.standard()
        .source(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
        .encodePng(IMAGE);
    String expected =
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
    assertEquals(
        expected,
        Provenance.inspect("the image", bytes, TrustAnchors.NONE).sourceType().orElseThrow());
  }

  @Test
  void declaresAnImageEditedFromAnother() {
    Disclosure edited = Disclosure.standard().edited(true);
    ManifestReport report = Provenance.inspect(
            "the image", edited.encodePng(IMAGE), TrustAnchors.NONE)
        .manifest()
        .orElseThrow();
    assertEquals(List.of(), report.faults());
    assertEquals(
        List.of(
            new ManifestReport.Action("c2pa.opened", ""),
            new ManifestReport.Action(
                "c2pa.edited", DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA.uri())),
        report.actions());
    assertEquals(
        List.of("ingredient.unknownProvenance"),
        report.ingredients().stream().map(ManifestReport.Finding::code).toList());
    for (Disclosure fresh : List.of(edited.forContactSheets(), edited.edited(false))) {
      ManifestReport created = Provenance.inspect(
              "the image", fresh.encodePng(IMAGE), TrustAnchors.NONE)
          .manifest()
          .orElseThrow();
      assertEquals(
          List.of(new ManifestReport.Action("c2pa.created", fresh.source().uri())),
          created.actions());
    }
  }

  @Test
  void marksEditedImages() {
    Disclosure fresh = Disclosure.standard().generator("Shop");
    for (ImageFormat format : ImageFormat.values()) {
      assertArrayEquals(fresh.encode(IMAGE, format), fresh.encode(IMAGE, format, false));
      assertArrayEquals(
          fresh.edited(true).encode(IMAGE, format), fresh.encode(IMAGE, format, true));
      assertArrayEquals(
          fresh.edited(true).encode(IMAGE, format),
          fresh.edited(true).encode(IMAGE, format, false));
    }
  }

  @Test
  void leavesThePixelsOfPagesAlone() throws IOException {
    byte[] page = Disclosure.standard().forContactSheets().encodePng(IMAGE);
    assertEquals(IMAGE, RgbImage.read(Files.write(folder.resolve("page.png"), page)));
    Provenance found = Provenance.inspect("the image", page, TrustAnchors.NONE);
    assertTrue(found.isDisclosed() && found.manifest().isPresent() && !found.isWatermarked());
  }

  @Test
  void findsNothingInAnUnmarkedImage() {
    Provenance found = Provenance.inspect("the image", IMAGE.toPng(), TrustAnchors.NONE);
    assertFalse(found.isDisclosed() || found.isWatermarked() || found.isAltered());
    assertTrue(found.manifest().isEmpty() && found.sourceType().isEmpty());
  }

  @Test
  void readsBytesAndStreamsAsItReadsFiles() throws IOException {
    byte[] marked = bytes("png", Disclosure.standard());
    Path file = Files.write(folder.resolve("marked.png"), marked);
    Provenance found = Provenance.inspect(file);
    assertEquals(
        found.toJson(), Provenance.inspect("it", marked, TrustAnchors.NONE).toJson());
    try (InputStream in = Files.newInputStream(file)) {
      assertEquals(
          found.toJson(), Provenance.inspect("it", in, TrustAnchors.NONE).toJson());
    }
    byte[] text = "hello".getBytes(StandardCharsets.US_ASCII);
    Exception e = assertThrows(
        InvalidInputException.class,
        () -> Provenance.inspect("notes", new ByteArrayInputStream(text), TrustAnchors.NONE));
    assertEquals("notes is no PNG, JPEG or WebP file; give one of these", e.getMessage());
    InputStream broken = new InputStream() {
      @Override
      public int read() throws IOException {
        throw new IOException("the line was cut");
      }
    };
    e = assertThrows(
        InvalidInputException.class, () -> Provenance.inspect("upload", broken, TrustAnchors.NONE));
    assertEquals("cannot read upload: the line was cut", e.getMessage());
  }

  @Test
  void refusesFilesThatAreNoImage() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "hello");
    Exception e = assertThrows(InvalidInputException.class, () -> Provenance.inspect(file));
    assertEquals(file + " is no PNG, JPEG or WebP file; give one of these", e.getMessage());
    Files.write(file, "\0\0\0\u0018ftypheic\0\0\0\0".getBytes(StandardCharsets.US_ASCII));
    e = assertThrows(InvalidInputException.class, () -> Provenance.inspect(file));
    assertEquals(
        file + " is in the HEIC format, whose provenance cannot be read here; give a PNG, JPEG or"
            + " WebP file",
        e.getMessage());
  }

  private static byte[] bytes(String format, Disclosure disclosure) {
    return disclosure.encode(IMAGE, ImageFormat.parse(format));
  }
}
