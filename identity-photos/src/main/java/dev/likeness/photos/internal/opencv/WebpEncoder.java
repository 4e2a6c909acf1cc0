package dev.likeness.photos.internal.opencv;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/** Pictures as WebP files, by the libwebp in OpenCV's jar; ImageIO's plugins only read them. */
public final class WebpEncoder {
  private WebpEncoder() {}

  /**
   * The bytes of a lossy WebP file, without metadata.
   *
   * @param quality 0 to 1, on the scale of libwebp's quality over 100
   */
  @SuppressWarnings("try")
  public static byte[] encode(RgbImage picture, double quality) {
    OpenCv.load(opencv_imgcodecs.class);
    try (PointerScope scope = new PointerScope()) {
      BytePointer file = new BytePointer();
      IntPointer settings =
          new IntPointer(opencv_imgcodecs.IMWRITE_WEBP_QUALITY, (int) Math.round(100 * quality));
      if (!opencv_imgcodecs.imencode(".webp", OpenCv.bgr(picture), file, settings)) {
        throw new ResourceLimitException("OpenCV cannot write WebP here; write PNG or JPEG");
      }
      byte[] bytes = new byte[Math.toIntExact(file.limit())];
      file.get(bytes);
      return bytes;
    }
  }
}
