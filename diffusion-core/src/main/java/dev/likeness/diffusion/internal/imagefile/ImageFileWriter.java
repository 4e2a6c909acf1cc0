package dev.likeness.diffusion.internal.imagefile;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Encodes images as files in memory, wherever the library writes one. ImageIO's own streams would
 * write personal data to the temporary folder.
 *
 * <p>{@link ImageFile} adds metadata and manifests to an encoded file.
 */
public final class ImageFileWriter {
  private ImageFileWriter() {}

  /** Writes an image as a PNG file without metadata. */
  public static void writePng(BufferedImage image, OutputStream out) throws IOException {
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageIO.write(image, "png", stream);
    }
  }

  /**
   * Encodes an image as a JPEG file without metadata.
   *
   * @param quality 0 to 1: IJG's quality divided by 100
   */
  public static byte[] encodeJpeg(BufferedImage image, double quality) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode a JPEG file in memory", e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /**
   * Returns an encoded PNG, JPEG or WebP file with the sRGB profile and an XMP packet that names
   * its source.
   *
   * @param encoded the whole file, without a profile
   * @param sourceType the URI of IPTC's digital source type
   */
  public static byte[] withSource(byte[] encoded, String sourceType) {
    byte[] srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData();
    return ImageFile.of(encoded)
        .orElseThrow()
        .withProfile(srgb)
        .withXmp(XmpPacket.serialize(sourceType))
        .bytes();
  }
}
