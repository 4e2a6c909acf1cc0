package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a signer leaves out of the hash of a file. */
class ExclusionsTest {
  private static final String EXCLUDED = "assertion.dataHash.additionalExclusionsPresent";

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, -1, 1L << 32, 1L << 31, 0xffffffffL})
  void refusesNumbersOutsideTheFile(long number) {
    for (Object other : List.of(1L, number, Long.MAX_VALUE)) {
      for (Map<String, Object> range :
          List.of(ForgedManifest.range(number, other), ForgedManifest.range(other, number))) {
        ManifestReport report =
            read((start, length) -> List.of(ForgedManifest.range(start, length), range));
        assertEquals(ManifestReport.State.INVALID, report.state(), range.toString());
      }
    }
  }

  @Test
  void saysThatPixelsWereLeftOut() {
    ImageFile plain = ImageFile.of(image()).orElseThrow();
    for (String name : List.of("IDAT", "IHDR", "IEND")) {
      ImageFile.Part part = plain.parts().stream()
          .filter(found -> found.name().equals(name))
          .findFirst()
          .orElseThrow();
      ManifestReport report = read((start, length) -> {
        int moved = part.start() + (part.start() >= start ? length : 0);
        return List.of(ForgedManifest.range(start, length), ForgedManifest.range(moved + 8, 1));
      });
      assertEquals(List.of(EXCLUDED), report.faults(), name);
      assertEquals("altered or broken: " + EXCLUDED, report.verdict());
    }
  }

  /** Also where one range leaves out the manifest and what lies beside it. */
  @Test
  void refusesARangeThatGoesOnFromTheManifest() {
    assertEquals(
        List.of("assertion.dataHash.mismatch"),
        read((start, length) -> List.of(ForgedManifest.range(start, length + 10)))
            .faults());
    assertEquals(
        List.of("assertion.dataHash.mismatch"),
        read((start, length) -> List.of(ForgedManifest.range(start - 4, length + 4)))
            .faults());
    assertEquals(
        List.of("assertion.dataHash.mismatch"),
        read((start, length) -> List.of(ForgedManifest.range(0, 1 << 20))).faults());
  }

  @Test
  void saysThatMetadataWereLeftOut() {
    byte[] described = withText(image());
    ImageFile.Part text = ImageFile.of(described).orElseThrow().parts().stream()
        .filter(part -> part.name().equals("tEXt"))
        .findFirst()
        .orElseThrow();
    byte[] file = new ForgedManifest()
        .image(described)
        .exclusions((start, length) -> List.of(
            ForgedManifest.range(start, length),
            ForgedManifest.range(text.start() + length + 8, 3)))
        .png();
    ManifestReport report = ForgedManifest.read(file);
    assertEquals(List.of(), report.faults());
    assertEquals(
        "unchanged, except for metadata that the signature does not cover, from a signer that no "
            + "trust anchor confirms",
        report.verdict());
  }

  private static ManifestReport read(BiFunction<Integer, Integer, Object> exclusions) {
    return ForgedManifest.read(
        new ForgedManifest().image(image()).exclusions(exclusions).png());
  }

  private static byte[] image() {
    return RgbImage.of(16, 16, new byte[16 * 16 * 3]).toPng();
  }

  private static byte[] withText(byte[] png) {
    int end = ImageFile.of(png).orElseThrow().parts().get(1).end();
    byte[] data = "tEXtComment\0hello".getBytes(StandardCharsets.ISO_8859_1);
    CRC32 check = new CRC32();
    check.update(data);
    byte[] chunk = ByteBuffer.allocate(8 + data.length)
        .putInt(data.length - 4)
        .put(data)
        .putInt((int) check.getValue())
        .array();
    return ByteBuffer.allocate(png.length + chunk.length)
        .put(png, 0, end)
        .put(chunk)
        .put(png, end, png.length - end)
        .array();
  }
}
