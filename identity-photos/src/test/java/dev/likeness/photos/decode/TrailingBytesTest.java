package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Encoded;
import dev.likeness.photos.PaintedFace;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes behind the end of an image, as phones and programs write them: the image is read and is not
 * damaged. An image that stops inside its data is damaged, whatever follows.
 */
class TrailingBytesTest {
  private static final BufferedImage PORTRAIT = PaintedFace.portrait(200, 150, 90, 70, 60);
  private static final byte[] BASELINE = Encoded.jpeg(PORTRAIT, 0.9f);
  private static final byte[] PROGRESSIVE = Encoded.progressive(PORTRAIT, 0.9f);

  private final PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT);

  private static Map<String, byte[]> tails() {
    byte[] noise = new byte[3000];
    new Random(2).nextBytes(noise);
    // The video of a motion photo.
    byte[] video = ByteBuffer.allocate(32 + noise.length)
        .putInt(24)
        .put(latin("ftypmp42\0\0\0\0mp42isom"))
        .putInt(8 + noise.length)
        .put(latin("mdat"))
        .put(noise)
        .array();
    Map<String, byte[]> tails = new LinkedHashMap<>();
    tails.put("a line feed", latin("\n"));
    tails.put("a line end", latin("\r\n"));
    tails.put("zeros", new byte[512]);
    tails.put("ones", latin("\u00ff".repeat(100)));
    tails.put("a motion photo", video);
    tails.put("a phone's trailer", joined(latin("\0\00\nMotionPhoto_Data"), video, latin("SEFT")));
    tails.put("a gain map", BASELINE);
    tails.put("two more images", joined(PROGRESSIVE, BASELINE));
    tails.put("text", latin("<html>thank you</html>"));
    tails.put("noise", noise);
    tails.put("markers", latin("\u00ff\u00c4\u00ff\u00da\u00ff\1\u00ff1"));
    return tails;
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] joined(byte[]... parts) {
    ByteBuffer all =
        ByteBuffer.allocate(Stream.of(parts).mapToInt(part -> part.length).sum());
    Stream.of(parts).forEach(all::put);
    return all.array();
  }

  static Stream<String> tailNames() {
    return tails().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("tailNames")
  void bytesBehindTheEndOfAnImageAreNoDamage(String name) throws IOException {
    byte[] tail = tails().get(name);
    Map<String, byte[]> images = new LinkedHashMap<>();
    images.put("jpg", BASELINE);
    images.put("progressive", PROGRESSIVE);
    for (String format : new String[] {"png", "gif", "bmp", "tiff"}) {
      images.put(format, Encoded.as(format, PORTRAIT));
    }
    images.put("lossy", seed("lossy.webp"));
    images.put("lossless", seed("lossless.webp"));
    images.forEach((format, file) -> {
      RgbImage plain = decoder.decode("plain", file).image();
      DecodedPhoto decoded = decoder.decode(format, joined(file, tail));
      assertFalse(decoded.isDamaged(), format);
      assertArrayEquals(plain.rgb(), decoded.image().rgb(), format);
      assertArrayEquals(read(file).rgb(), read(joined(file, tail)).rgb(), format);
    });
  }

  private static RgbImage read(byte[] file) {
    return RgbImage.read("the image", file);
  }

  private static byte[] seed(String name) throws IOException {
    return Files.readAllBytes(Path.of(
        "src/test/resources/dev/likeness/photos/IntakeFuzzTestInputs/anyBytesGetOneVerdict", name));
  }

  @ParameterizedTest
  @MethodSource("tailNames")
  void anImageThatStopsInsideItsScanIsDamaged(String name) {
    byte[] tail = tails().get(name);
    for (double share : new double[] {0.4, 0.7, 0.9}) {
      byte[] cut = Arrays.copyOf(BASELINE, (int) (share * BASELINE.length));
      assertTrue(decoder.decode("cut.jpg", joined(cut, tail)).isDamaged(), name + share);
      byte[] ended = joined(cut, latin("\u00ff\u00d9"), tail);
      assertTrue(decoder.decode("cut.jpg", ended).isDamaged(), name + share);
      byte[] trailer = joined(cut, latin("\0\00\nPanorama"), latin("SEFT"));
      assertTrue(decoder.decode("cut.jpg", trailer).isDamaged(), name + share);
    }
  }

  /** A download that stopped leaves the rest of its file as zeros. */
  @Test
  void anImageThatWasFilledUpIsDamaged() {
    for (int fill : new int[] {0, 0x20, 0x55, 0xaa, 0xfe}) {
      for (double share : new double[] {0.3, 0.6, 0.95}) {
        byte[] filled = BASELINE.clone();
        Arrays.fill(filled, (int) (share * filled.length), filled.length, (byte) fill);
        assertTrue(decoder.decode("filled.jpg", filled).isDamaged(), fill + " " + share);
      }
    }
  }

  @Test
  void aPhonesPanoramaWithoutAnEndMarkerIsReadWhole() {
    byte[] whole = Arrays.copyOf(BASELINE, BASELINE.length - 2);
    RgbImage plain = decoder.decode("plain", BASELINE).image();
    tails().forEach((name, tail) -> {
      byte[] panorama = joined(whole, latin("\0\00\nPanorama"), tail, latin("SEFT"));
      DecodedPhoto decoded = decoder.decode("panorama.jpg", panorama);
      assertFalse(decoded.isDamaged(), name);
      assertArrayEquals(plain.rgb(), decoded.image().rgb(), name);
    });
  }

  /** Only the trailer tells that nothing is missing. */
  @Test
  void otherImagesWithoutAnEndMarkerAreReadAndDamaged() {
    byte[] whole = Arrays.copyOf(BASELINE, BASELINE.length - 2);
    RgbImage plain = decoder.decode("plain", BASELINE).image();
    DecodedPhoto bare = decoder.decode("bare.jpg", whole);
    assertTrue(bare.isDamaged());
    assertArrayEquals(plain.rgb(), bare.image().rgb());
    for (String name : new String[] {"zeros", "a line end", "a motion photo", "noise", "text"}) {
      DecodedPhoto decoded = decoder.decode("open.jpg", joined(whole, tails().get(name)));
      assertTrue(decoded.isDamaged(), name);
      assertArrayEquals(plain.rgb(), decoded.image().rgb(), name);
    }
  }

  @Test
  void theFirstImageOfSeveralIsRead() {
    BufferedImage small = PaintedFace.portrait(50, 40, 20, 20, 15);
    byte[] both = joined(BASELINE, Encoded.jpeg(small, 0.9f));
    assertEquals("200x150 image", decoder.decode("both.jpg", both).image().toString());
  }
}
