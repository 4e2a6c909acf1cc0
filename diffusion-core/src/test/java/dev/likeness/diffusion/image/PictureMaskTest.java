package dev.likeness.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureMaskTest {
  @Test
  void takesWhatIsTransparentForWhiteInPicturesAndForBlackInMasks(@TempDir Path folder) throws IOException {
    BufferedImage painted = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    painted.setRGB(0, 0, 0xffffffff);
    Path file = folder.resolve("mask.png");
    ImageIO.write(painted, "png", file.toFile());
    byte white = (byte) 255;
    assertArrayEquals(new byte[] {white, white, white, white, white, white}, Picture.read(file).rgb());
    assertArrayEquals(new byte[] {white, white, white, 0, 0, 0}, Picture.readMask(file).rgb());
  }

  @Test
  void keepsGreysOfEveryDepthWithAlphaAndWithout(@TempDir Path folder) throws IOException {
    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setPixels(0, 0, 2, 1, new int[] {128 << 8, 64 << 8 | 255});
    ColorModel greyAndAlpha = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_GRAY), true, false,
        Transparency.TRANSLUCENT, DataBuffer.TYPE_BYTE);
    BufferedImage clear = new BufferedImage(greyAndAlpha, greyAndAlpha.createCompatibleWritableRaster(2, 1), false, null);
    clear.getRaster().setPixels(0, 0, 2, 1, new int[] {128, 255, 100, 51});
    BufferedImage plain = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    plain.getRaster().setPixels(0, 0, 2, 1, new int[] {128, 224});
    assertGreys(128, 64, read(folder, deep));
    assertGreys(128, 224, read(folder, clear));
    assertGreys(128, 224, read(folder, plain));
  }

  private static Picture read(Path folder, BufferedImage image) throws IOException {
    Path file = folder.resolve("grey.png");
    ImageIO.write(image, "png", file.toFile());
    return Picture.read(file);
  }

  private static void assertGreys(int first, int second, Picture picture) {
    byte a = (byte) first;
    byte b = (byte) second;
    assertArrayEquals(new byte[] {a, a, a, b, b, b}, picture.rgb());
  }
}
