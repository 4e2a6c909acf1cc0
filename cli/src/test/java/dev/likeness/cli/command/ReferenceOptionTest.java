package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
