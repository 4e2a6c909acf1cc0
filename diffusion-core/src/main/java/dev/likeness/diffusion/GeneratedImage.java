package dev.likeness.diffusion;

import dev.likeness.diffusion.image.Picture;
import java.nio.file.Path;

/**
 * A picture and how it was made.
 *
 * @param picture the pixels
 * @param seed the seed of its noise
 * @param request the request with every default filled in
 * @param latents the final latents before decoding, [channels, h, w] by rows
 * @param pixels the decoded picture before rounding to bytes, [3, height, width] by rows, 0..1
 */
public record GeneratedImage(Picture picture, long seed, ImageRequest request, float[] latents, float[] pixels) {
  /** Writes a PNG file, whole or not at all. */
  public void writePng(Path file) {
    picture.writePng(file);
  }

  /** The picture as the bytes of a PNG file. */
  public byte[] toPng() {
    return picture.toPng();
  }
}
