package dev.likeness.photos.internal.imagefile;

import dev.likeness.diffusion.image.RgbImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Pictures as JPEG in memory; ImageIO's own streams would spool faces through the temporary folder.
 */
public final class ImageFileWriter {
  private ImageFileWriter() {}

  /**
   * The bytes of a JPEG file.
   *
   * @param quality 0 to 1, on the scale of IJG's quality over 100
   */
  public static byte[] jpeg(RgbImage picture, double quality) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture.toBufferedImage(), null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** What is left of a picture after it was a JPEG file. */
  public static RgbImage reread(RgbImage picture, double quality) {
    byte[] file = jpeg(picture, quality);
    try {
      return RgbImage.of(
          ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(file))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
