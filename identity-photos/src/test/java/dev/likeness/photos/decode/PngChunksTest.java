package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Encoded;
import dev.likeness.photos.PaintedFace;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngChunksTest {
  private static final int HEADER_END = 33;
  private final PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT);
  private final byte[] portrait = Encoded.as("png", PaintedFace.portrait(60, 40, 30, 20, 20));

  @Test
  void turnsByAnExifChunk() {
    byte[] exif = Arrays.copyOfRange(Encoded.withOrientation(new byte[2], 6), 12, 38);

    assertEquals("40x60 image", decoded(chunk(portrait, "eXIf", exif)).toString());
  }

  @Test
  void turnsByXmp() {
    byte[] xmp = "XML:com.adobe.xmp\0\0\0\0\0<rdf tiff:Orientation=\"8\"/>"
        .getBytes(StandardCharsets.ISO_8859_1);

    assertEquals("40x60 image", decoded(chunk(portrait, "iTXt", xmp)).toString());
  }

  @Test
  void appliesAColourProfile() throws IOException {
    BufferedImage flat = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 16; i++) {
      flat.setRGB(i % 4, i / 4, 0x373737);
    }
    byte[] linear = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();

    RgbImage image = decoded(chunk(Encoded.as("png", flat), "iCCP", packed("linear\0\0", linear)));

    // 55/255 of linear light is 0.503 on the sRGB curve.
    assertTrue(Math.abs(image.at(1, 1, 0) - 128) <= 2, "" + image.at(1, 1, 0));
  }

  @Test
  void aProfileThatInflatesWithoutEndIsIgnored() throws IOException {
    byte[] bomb = packed("bomb\0\0", new byte[64 << 20]);

    assertEquals(decoded(portrait), decoded(chunk(portrait, "iCCP", bomb)));
  }

  @ParameterizedTest
  @CsvSource({"16,0", "20,0", "16,-1", "20,-1"})
  void aFileWithoutWidthOrHeightIsBroken(int place, int side) {
    byte[] empty = ByteBuffer.wrap(portrait.clone()).putInt(place, side).array();

    assertEquals(
        "a.png is a broken PNG file: its header gives no valid size; export or copy it again",
        assertThrows(UnreadablePhotoException.class, () -> decoder.decode("a.png", empty))
            .getMessage());
  }

  private RgbImage decoded(byte[] file) {
    return decoder.decode("a.png", file).image();
  }

  static byte[] packed(String start, byte[] data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(start.getBytes(StandardCharsets.ISO_8859_1));
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      deflater.write(data);
    }
    return out.toByteArray();
  }

  // The file with one more chunk after its header.
  static byte[] chunk(byte[] png, String type, byte[] data) {
    byte[] body = ByteBuffer.allocate(4 + data.length)
        .put(type.getBytes(StandardCharsets.US_ASCII))
        .put(data)
        .array();
    CRC32 crc = new CRC32();
    crc.update(body);
    return ByteBuffer.allocate(png.length + body.length + 8)
        .put(png, 0, HEADER_END)
        .putInt(data.length)
        .put(body)
        .putInt((int) crc.getValue())
        .put(png, HEADER_END, png.length - HEADER_END)
        .array();
  }
}
