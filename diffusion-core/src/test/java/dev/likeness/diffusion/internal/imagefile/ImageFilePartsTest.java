package dev.likeness.diffusion.internal.imagefile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ImageFilePartsTest {
  @Test
  void imageFilesOfEndlessPartsAreRefused() {
    byte[] png = RgbImage.of(1, 1, new byte[3]).toPng();
    ByteBuffer chunks = ByteBuffer.allocate(33 + 12 * 200_000).put(png, 0, 33);
    while (chunks.hasRemaining()) {
      chunks.putInt(0).put("teSt".getBytes(StandardCharsets.US_ASCII)).putInt(0);
    }
    assertRefused(chunks.array());
    assertRefused(("\u00ff\u00d8" + "\u00ff\u00fe\0\2".repeat(200_000))
        .getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(("RIFF\0\0\0\0WEBP" + "TEST\0\0\0\0".repeat(200_000))
        .getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void assertRefused(byte[] file) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> ImageFile.of(file));
    assertEquals(
        "the image file has more than 100000 parts; export it again", refusal.getMessage());
  }
}
