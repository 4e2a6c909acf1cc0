package dev.likeness.photos.internal.opencv;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFileWriter;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/**
 * Encodes generated images in every {@link ImageFormat}. WebP is encoded by the libwebp in OpenCV's
 * jar, because ImageIO's plugins only read WebP.
 */
public final class ImageFileEncoder {
  // IJG's and libwebp's quality, divided by 100.
  private static final double QUALITY = 0.92;

  private ImageFileEncoder() {}

  /**
   * Encodes a generated image as a file with the sRGB profile and an XMP packet with its digital
   * source type. JPEG and WebP files have quality 92.
   */
  public static byte[] encode(RgbImage generated, ImageFormat format, DigitalSourceType source) {
    byte[] encoded =
        switch (format) {
          case PNG -> generated.toPng();
          case JPEG -> ImageFileWriter.encodeJpeg(generated.toBufferedImage(), QUALITY);
          case WEBP -> encodeWebp(generated);
        };
    return ImageFileWriter.withSource(encoded, source.uri());
  }

  /** Encodes an image as a lossy WebP file without metadata. */
  @SuppressWarnings("try")
  private static byte[] encodeWebp(RgbImage image) {
    OpenCv.load(opencv_imgcodecs.class);
    try (PointerScope scope = new PointerScope()) {
      BytePointer file = new BytePointer();
      IntPointer settings =
          new IntPointer(opencv_imgcodecs.IMWRITE_WEBP_QUALITY, (int) Math.round(100 * QUALITY));
      if (!opencv_imgcodecs.imencode(".webp", OpenCv.toBgr(image), file, settings)) {
        throw new ResourceLimitException("OpenCV cannot write WebP here; write PNG or JPEG");
      }
      byte[] bytes = new byte[Math.toIntExact(file.limit())];
      file.get(bytes);
      return bytes;
    }
  }
}
