package dev.likeness.photos;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Image files made in memory. */
public final class Encoded {
  private Encoded() {}

  /** The image in any format that ImageIO writes. */
  public static byte[] as(String format, BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      if (!ImageIO.write(image, format, stream)) {
        throw new IllegalArgumentException("no writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A JPEG file of {@code quality} 0 to 1. */
  public static byte[] jpeg(BufferedImage image, float quality) {
    return jpeg(image, quality, ImageWriteParam.MODE_DISABLED);
  }

  /** A progressive JPEG file of {@code quality} 0 to 1. */
  public static byte[] progressive(BufferedImage image, float quality) {
    return jpeg(image, quality, ImageWriteParam.MODE_DEFAULT);
  }

  private static byte[] jpeg(BufferedImage image, float quality, int progressive) {
    Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("jpeg");
    ImageWriter writer = writers.next();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(quality);
      param.setProgressiveMode(progressive);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** The JPEG file with an EXIF block that holds nothing but an orientation. */
  public static byte[] withOrientation(byte[] jpeg, int orientation) {
    ByteBuffer exif = ByteBuffer.allocate(36);
    exif.putShort((short) 0xFFE1).putShort((short) 34).put(new byte[] {'E', 'x', 'i', 'f', 0, 0});
    exif.put(new byte[] {'M', 'M', 0, 42}).putInt(8).putShort((short) 1);
    exif.putShort((short) 0x0112).putShort((short) 3).putInt(1);
    exif.putShort((short) orientation).putShort((short) 0).putInt(0);
    return ByteBuffer.allocate(jpeg.length + 36)
        .put(jpeg, 0, 2)
        .put(exif.flip())
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  /** The JPEG file with an ICC profile of at most 64 kB. */
  public static byte[] withProfile(byte[] jpeg, byte[] profile) {
    ByteBuffer segment = ByteBuffer.allocate(18 + profile.length).putShort((short) 0xFFE2);
    segment
        .putShort((short) (16 + profile.length))
        .put("ICC_PROFILE\0\1\1".getBytes(StandardCharsets.US_ASCII));
    segment.put(profile).flip();
    return ByteBuffer.allocate(jpeg.length + segment.limit())
        .put(jpeg, 0, 2)
        .put(segment)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }
}
