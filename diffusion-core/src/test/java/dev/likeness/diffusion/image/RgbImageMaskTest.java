package dev.likeness.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RgbImageMaskTest {
  /** Two pixels, the second one transparent, and the colours that both have in the file. */
  static Stream<Arguments> transparent() {
    return Stream.of(
        arguments(
            "png", colour(BufferedImage.TYPE_INT_ARGB, 0xffffffff, 0x00ffffff), "ffffff ffffff"),
        arguments(
            "png", colour(BufferedImage.TYPE_INT_ARGB, 0xff102030, 0x00405060), "102030 405060"),
        arguments(
            "png", colour(BufferedImage.TYPE_4BYTE_ABGR, 0xff102030, 0x80405060), "102030 405060"),
        arguments(
            "png", colour(BufferedImage.TYPE_INT_ARGB, 0xffffffff, 0x00000000), "ffffff 000000"),
        arguments(
            "tiff", colour(BufferedImage.TYPE_4BYTE_ABGR, 0xff102030, 0x01405060), "102030 405060"),
        arguments("png", grey(DataBuffer.TYPE_BYTE, 64, 255, 200, 0), "404040 c8c8c8"),
        arguments(
            "png", grey(DataBuffer.TYPE_USHORT, 64 * 257, 65535, 200 * 257, 0), "404040 c8c8c8"),
        arguments("png", palette(), "ff0000 00ff00"),
        arguments("gif", palette(), "ff0000 00ff00"));
  }

  private static BufferedImage colour(int type, int first, int second) {
    BufferedImage painted = new BufferedImage(2, 1, type);
    painted.setRGB(0, 0, first);
    painted.setRGB(1, 0, second);
    return painted;
  }

  private static BufferedImage grey(int type, int... samples) {
    ColorModel model = new ComponentColorModel(
        ColorSpace.getInstance(ColorSpace.CS_GRAY), true, false, Transparency.TRANSLUCENT, type);
    BufferedImage painted =
        new BufferedImage(model, model.createCompatibleWritableRaster(2, 1), false, null);
    painted.getRaster().setPixels(0, 0, 2, 1, samples);
    return painted;
  }

  private static BufferedImage palette() {
    byte[] red = {-1, 0};
    byte[] green = {0, -1};
    IndexColorModel model = new IndexColorModel(1, 2, red, green, new byte[2], 1);
    BufferedImage painted = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, model);
    painted.getRaster().setPixels(0, 0, 2, 1, new int[] {0, 1});
    return painted;
  }

  /** As diffusers: PIL's conversion to RGB drops the transparency and keeps the stored colours. */
  @ParameterizedTest
  @MethodSource("transparent")
  void keepsStoredColoursOfTransparentPixels(
      String format, BufferedImage painted, String colours, @TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("image." + format);
    assertTrue(ImageIO.write(painted, format, file.toFile()), "ImageIO writes " + format);
    byte[] expected = HexFormat.of().parseHex(colours.replace(" ", ""));
    byte[] bytes = Files.readAllBytes(file);
    assertArrayEquals(expected, RgbImage.read(file).rgb());
    assertArrayEquals(expected, RgbImage.readMask(file).rgb());
    assertArrayEquals(expected, RgbImage.readMask("a", bytes).rgb());
    assertArrayEquals(
        expected, RgbImage.read("a", new ByteArrayInputStream(bytes)).rgb());
    byte[] alpha = RgbImage.readAlpha("a", bytes).rgb();
    assertEquals(255, alpha[0] & 255);
    int second = painted.getColorModel().getAlpha(painted.getRaster().getDataElements(1, 0, null));
    assertEquals(second, alpha[3] & 255, 1, "by rounding");
  }

  @Test
  void isOpaqueWithoutTransparency() {
    byte[] file = RgbImage.of(1, 1, new byte[] {7, 8, 9}).toPng();
    assertArrayEquals(new byte[] {-1, -1, -1}, RgbImage.readAlpha("a", file).rgb());
  }

  @Test
  void keepsGreysOfSixteenBitsAndBesideAlpha() {
    BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setPixel(0, 0, new int[] {64 << 8 | 255});
    assertArrayEquals(new byte[] {64, 64, 64}, RgbImage.of(deep).rgb());
    ColorModel model = new ComponentColorModel(
        deep.getColorModel().getColorSpace(), true, false, 3, DataBuffer.TYPE_BYTE);
    BufferedImage clear =
        new BufferedImage(model, model.createCompatibleWritableRaster(2, 1), false, null);
    clear.getRaster().setPixels(0, 0, 2, 1, new int[] {64, 255, 100, 51});
    assertArrayEquals(
        new byte[] {64, 64, 64, (byte) 224, (byte) 224, (byte) 224},
        RgbImage.of(clear).rgb());
  }
}
