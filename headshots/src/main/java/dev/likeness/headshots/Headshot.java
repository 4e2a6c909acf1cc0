package dev.likeness.headshots;

import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.image.Picture;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One headshot and how it was made.
 *
 * @param picture the pixels
 * @param style the style it was asked in
 * @param seed the seed of its noise
 * @param request the request with every default filled in
 */
public record Headshot(Picture picture, Style style, long seed, ImageRequest request) {
  /** The picture as the bytes of a PNG file, without any note of whom it shows. */
  public byte[] toPng() {
    return picture.toPng();
  }

  /** Writes a PNG file, whole or not at all. */
  public void writePng(Path file) {
    picture.writePng(file);
  }

  /** What the headshot at {@code index} of a shoot is called, counted from 0: {@code headshot-001.png}. */
  public static String fileName(int index) {
    return String.format(Locale.ROOT, "headshot-%03d.png", index + 1);
  }
}
