package dev.likeness.headshots;

import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.provenance.Disclosure;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One headshot and how it was made.
 *
 * @param picture the pixels
 * @param style the style it was asked in
 * @param seed the seed of its noise
 * @param request the request with every default filled in
 * @param likeness how strongly the person was drawn, 0 to 1
 */
public record Headshot(Picture picture, Style style, long seed, ImageRequest request, double likeness) {
  /** The bytes of a PNG file that says that it was generated, and nothing of whom it shows. */
  public byte[] toPng() {
    return Disclosure.standard().png(picture);
  }

  /** Writes such a PNG file, whole or not at all. */
  public void writePng(Path file) {
    writePng(file, Disclosure.standard());
  }

  /** Writes a PNG file that discloses in the application's own way. */
  public void writePng(Path file, Disclosure disclosure) {
    disclosure.writePng(picture, file);
  }

  /** What the headshot at {@code index} of a shoot is called, counted from 0: {@code headshot-001.png}. */
  public static String fileName(int index) {
    return String.format(Locale.ROOT, "headshot-%03d.png", index + 1);
  }
}
