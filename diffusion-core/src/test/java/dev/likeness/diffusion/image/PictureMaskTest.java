package dev.likeness.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.awt.image.BufferedImage;
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
}
