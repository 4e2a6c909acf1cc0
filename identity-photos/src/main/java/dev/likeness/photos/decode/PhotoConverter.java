package dev.likeness.photos.decode;

import java.io.IOException;

/**
 * Hook for image formats without an ImageIO reader, such as HEIC and AVIF. Found by
 * {@link java.util.ServiceLoader} and called before programs of this machine. Implementations are
 * thread-safe.
 */
public interface PhotoConverter {
  /** Whether {@code format} can be converted here and now. */
  boolean supports(PhotoFormat format);

  /**
   * The main image of {@code file} as the bytes of a PNG or JPEG file, upright already; its size is
   * checked again when that is read.
   *
   * @throws IOException when the file is broken; the message ends up in the photo's reason
   */
  byte[] convert(PhotoFormat format, byte[] file) throws IOException;
}
