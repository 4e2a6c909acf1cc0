package dev.likeness.photos.internal.imagefile;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/**
 * Encodes images as files in memory. ImageIO's own streams would write faces to the temporary
 * folder.
 */
public final class ImageFileWriter {
  private static final double DEFAULT_QUALITY = 0.92;

  private ImageFileWriter() {}

  /**
   * Encodes a generated image as a file with the sRGB profile and an XMP packet with its digital
   * source type. JPEG and WebP files have quality 92.
   */
  public static ImageFile encode(RgbImage generated, ImageFormat format, DigitalSourceType source) {
    byte[] encoded =
        switch (format) {
          case PNG -> generated.toPng();
          case JPEG -> encodeJpeg(generated, DEFAULT_QUALITY);
          case WEBP -> WebpEncoder.encode(generated, DEFAULT_QUALITY);
        };
    byte[] srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData();
    return ImageFile.of(encoded)
        .orElseThrow()
        .withProfile(srgb)
        .withXmp(XmpPacket.serialize(source));
  }

  /**
   * Encodes an image as a JPEG file.
   *
   * @param quality 0 to 1: IJG's quality divided by 100
   */
  public static byte[] encodeJpeg(RgbImage image, double quality) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image.toBufferedImage(), null, null), param);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode a JPEG file in memory", e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Returns the image after JPEG encoding and decoding. */
  public static RgbImage roundTripJpeg(RgbImage image, double quality) {
    byte[] file = encodeJpeg(image, quality);
    try {
      return RgbImage.of(
          ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(file))));
    } catch (IOException e) {
      throw new IllegalStateException("cannot decode a JPEG file in memory", e);
    }
  }

  /** Encodes WebP files with the libwebp in OpenCV's jar. ImageIO's plugins only read WebP. */
  public static final class WebpEncoder {
    private WebpEncoder() {}

    /**
     * Encodes an image as a lossy WebP file without metadata.
     *
     * @param quality 0 to 1: libwebp's quality divided by 100
     */
    @SuppressWarnings("try")
    public static byte[] encode(RgbImage image, double quality) {
      OpenCv.load(opencv_imgcodecs.class);
      try (PointerScope scope = new PointerScope()) {
        BytePointer file = new BytePointer();
        IntPointer settings =
            new IntPointer(opencv_imgcodecs.IMWRITE_WEBP_QUALITY, (int) Math.round(100 * quality));
        if (!opencv_imgcodecs.imencode(".webp", OpenCv.toBgr(image), file, settings)) {
          throw new ResourceLimitException("OpenCV cannot write WebP here; write PNG or JPEG");
        }
        byte[] bytes = new byte[Math.toIntExact(file.limit())];
        file.get(bytes);
        return bytes;
      }
    }
  }
}
