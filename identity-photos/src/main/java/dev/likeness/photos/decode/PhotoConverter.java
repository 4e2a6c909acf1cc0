package dev.likeness.photos.decode;

import java.io.IOException;

/**
 * Hook for image formats without an ImageIO reader, such as HEIC and AVIF. Implementations are
 * found by {@link java.util.ServiceLoader} and tried before installed programs. They are
 * thread-safe.
 */
public interface PhotoConverter {
  /**
   * Returns true if the converter can convert a format now.
   *
   * @param format the format of a photo
   * @return true if {@link #convert} accepts it
   */
  boolean supports(PhotoFormat format);

  /**
   * Converts the main image of a file. The decoder checks the size of the result again.
   *
   * @param format the format of the file, one that {@link #supports} accepts
   * @param file the bytes of the file; must not be changed
   * @return the bytes of an upright PNG or JPEG file
   * @throws IOException if the file is broken; its message becomes part of the photo's reason
   */
  byte[] convert(PhotoFormat format, byte[] file) throws IOException;
}
