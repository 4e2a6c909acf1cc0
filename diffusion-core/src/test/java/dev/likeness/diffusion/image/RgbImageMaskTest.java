package dev.likeness.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RgbImageMaskTest {
  @Test
  void readsTransparencyAsWhiteInImagesAndBlackInMasks(@TempDir Path folder) throws IOException {
    BufferedImage painted = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    painted.setRGB(0, 0, 0xffffffff);
    Path file = folder.resolve("mask.png");
    ImageIO.write(painted, "png", file.toFile());
    byte white = (byte) 255;
    assertArrayEquals(
        new byte[] {white, white, white, white, white, white},
        RgbImage.read(file).rgb());
    assertArrayEquals(
        new byte[] {white, white, white, 0, 0, 0}, RgbImage.readMask(file).rgb());
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
