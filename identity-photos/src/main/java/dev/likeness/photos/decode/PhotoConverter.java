package dev.likeness.photos.decode;

import java.io.IOException;

/**
 * Hook for image formats without an ImageIO reader, such as HEIC and AVIF.
 * {@link java.util.ServiceLoader} finds the implementations, and the decoder tries them before
 * installed programs. Implementations are thread-safe.
 */
public interface PhotoConverter {
  /**
   * Returns true if the converter can convert a format.
   *
   * @param format the format of a photo
   * @return true if {@link #convert} accepts files of this format
   */
  boolean supports(PhotoFormat format);

  /**
   * Converts the main image of a file. The decoder then checks that the result is within its
   * {@link DecodeLimits}.
   *
   * @param format the format of the file, for which {@link #supports} returned true
   * @param file the bytes of the file, which the method must not change
   * @return the bytes of an upright PNG or JPEG file
   * @throws IOException if the file cannot be converted, for example because it is damaged; the
   *     message of the exception becomes part of the reason against the photo
   */
  byte[] convert(PhotoFormat format, byte[] file) throws IOException;
}
