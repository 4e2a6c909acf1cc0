package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

public class ReferenceOptionTest {
  /**
   * An APP1 segment: a TIFF header and one entry, orientation (0x112) 6, held upright by a phone
   * turned left.
   */
  private static final String ROTATED_EXIF =
      "FFE1002245786966000049492A000800000001001201030001000000060000000000" + "0000";

  @TempDir
  private Path folder;

  /**
   * Writes an image as a phone that is held upright does; returns what it is to whoever turns it.
   */
  public static RgbImage rotated(Path photo, RgbImage upright) throws IOException {
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(ExifOrientation.TURNED_LEFT.toUpright(upright).toBufferedImage(), "jpeg", jpeg);
    byte[] plain = jpeg.toByteArray();
    ByteArrayOutputStream marked = new ByteArrayOutputStream();
    marked.write(plain, 0, 2);
    marked.write(HexFormat.of().parseHex(ROTATED_EXIF));
    marked.write(plain, 2, plain.length - 2);
    Files.write(photo, marked.toByteArray());
    return ExifOrientation.TURNED_RIGHT.toUpright(RgbImage.read("unmarked.jpg", plain));
  }

  @Test
  void readsPhotosUpright() throws IOException {
    Path photo = folder.resolve("phone.jpg");
    rotated(photo, RgbImage.of(24, 40, new byte[24 * 40 * 3]));
    RgbImage image = new WeightedFile.ReferenceOption(photo, 1).readImage();
    assertEquals(24, image.width());
    assertEquals(40, image.height());
  }

  /** As diffusers' processors: the colours of transparent pixels count. Photos are over white. */
  @ParameterizedTest
  @CsvSource({"0", "1", "64", "128", "254", "255"})
  void readsTheColoursOfTransparentPixels(int alpha) throws IOException {
    BufferedImage clear = new BufferedImage(8, 8, BufferedImage.TYPE_INT_ARGB);
    int[] colours = new int[64];
    Arrays.fill(colours, alpha << 24 | 0x204060);
    clear.setRGB(0, 0, 8, 8, colours, 0, 8);
    Path file = folder.resolve("clear.png");
    ImageIO.write(clear, "png", file.toFile());
    RgbImage reference = new WeightedFile.ReferenceOption(file, 1).readImage();
    assertEquals(RgbImage.read(file), reference);
    assertEquals(0x20, reference.at(3, 3, 0));
    assertEquals(0x40, reference.at(3, 3, 1));
    assertEquals(0x60, reference.at(3, 3, 2));
    RgbImage photo = new PhotoDecoder(DecodeLimits.DEFAULT)
        .decode("a photo", Files.readAllBytes(file))
        .image();
    assertEquals(Math.round((0x20 * alpha + 255 * (255 - alpha)) / 255.0), photo.at(3, 3, 0));
  }

  @Test
  void namesAFileThatIsNoImage() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "nothing");
    assertEquals(
        text + " is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF file",
        assertThrows(
                RuntimeException.class, () -> new WeightedFile.ReferenceOption(text, 1).readImage())
            .getMessage());
    assertThrows(
        InvalidInputException.class,
        () -> new WeightedFile.ReferenceOption(folder.resolve("none.png"), 1).readImage());
  }
}
