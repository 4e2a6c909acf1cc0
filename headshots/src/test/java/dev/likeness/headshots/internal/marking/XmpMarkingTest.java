package dev.likeness.headshots.internal.marking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.drew.imaging.ImageMetadataReader;
import com.drew.metadata.icc.IccDirectory;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.internal.imagefile.XmpPacket;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class XmpMarkingTest {
  private static final RgbImage IMAGE = noise();

  @ParameterizedTest
  @EnumSource
  void namesTheDigitalSourceTypeAndTheProfile(ImageFormat format) throws Exception {
    byte[] generated = new XmpMarking().encode(IMAGE, format, false);
    byte[] edited = new XmpMarking().encode(IMAGE, format, true);
    assertEquals(DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA.uri(), source(generated));
    assertEquals(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA.uri(), source(edited));
    String type = "image/" + format.name().toLowerCase(Locale.ROOT);
    assertEquals(type, ImageFile.of(generated).orElseThrow().mediaType());
    IccDirectory profile = ImageMetadataReader.readMetadata(new ByteArrayInputStream(generated))
        .getFirstDirectoryOfType(IccDirectory.class);
    assertEquals("RGB", profile.getString(IccDirectory.TAG_COLOR_SPACE).strip());
  }

  @Test
  void leavesPixelsAloneAndSaysNothingElse(@TempDir Path folder) throws Exception {
    byte[] file = new XmpMarking().encodePng(IMAGE, false);
    assertEquals(IMAGE, RgbImage.read(Files.write(folder.resolve("marked.png"), file)));
    String text = new String(file, StandardCharsets.ISO_8859_1);
    assertFalse(text.contains("tEXt")
        || text.contains("zTXt")
        || text.contains("tIME")
        || text.contains("caBX"));
  }

  @Test
  void reportsThePixelsOfItsFiles() {
    assertSame(IMAGE, new XmpMarking().markPixels(IMAGE, true));
    assertEquals(IMAGE, RgbImage.read("the file", new XmpMarking().encodePng(IMAGE, true)));
  }

  @Test
  void isInstalledWithHeadshots() {
    assertInstanceOf(XmpMarking.class, GeneratedImage.Marking.load());
    assertArrayEquals(
        new XmpMarking().encodePng(IMAGE, true),
        GeneratedImage.Marking.load().encodePng(IMAGE, true));
  }

  private static String source(byte[] file) {
    return XmpPacket.parse(ImageFile.of(file).orElseThrow().xmp().orElseThrow())
        .sourceType()
        .orElseThrow();
  }

  private static RgbImage noise() {
    byte[] rgb = new byte[40 * 24 * 3];
    new Random(3).nextBytes(rgb);
    return RgbImage.of(40, 24, rgb);
  }
}
