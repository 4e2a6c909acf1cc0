package dev.likeness.photos.decode;

import dev.likeness.photos.Encoded;
import dev.likeness.photos.PaintedFace;

/**
 * A converter as an application brings one: takes JPEG XL, and gives the same small drawing for
 * every file.
 */
public final class TestConverter implements PhotoConverter {
  @Override
  public boolean supports(PhotoFormat format) {
    return format == PhotoFormat.JPEG_XL;
  }

  @Override
  public byte[] convert(PhotoFormat format, byte[] file) {
    return Encoded.as("png", PaintedFace.portrait(64, 48, 30, 20, 18));
  }
}
