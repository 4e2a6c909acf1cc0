package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.pipeline.Pipeline;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.ServiceLoader;

/**
 * A picture and how it was made.
 *
 * @param picture the pixels
 * @param seed the seed of its noise
 * @param request the request with every default filled in; of an enlarged picture, that of the
 *     second pass
 * @param latents the final latents before decoding
 * @param pixels the decoded picture before rounding to bytes, [3, height, width] by rows, 0..1
 * @param edited whether the request as it was asked began from a picture; what latents began from
 *     is not known
 * @param first of an enlarged picture the completed request of the first pass, else null
 */
public record GeneratedImage(
    RgbImage picture,
    long seed,
    ImageRequest request,
    Latents latents,
    float[] pixels,
    boolean edited,
    ImageRequest first) {
  static GeneratedImage of(Pipeline.Result result) {
    return new GeneratedImage(
        result.image(),
        result.seed(),
        result.request(),
        result.latents(),
        result.pixels(),
        result.edited(),
        result.first());
  }

  /** Writes a PNG file, whole or not at all; see {@link #toPng()}. */
  public void writePng(Path file) {
    byte[] bytes = toPng();
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * The bytes of a PNG file that says, where {@link Marking} can, that the picture was generated,
   * or edited; a watermark changes pixels.
   */
  public byte[] toPng() {
    return Marking.installed().png(picture, edited);
  }

  /**
   * How generated pictures become files. With {@code likeness-headshots} on the class path they say
   * in it that they were generated; without, they are plain PNG files.
   */
  @FunctionalInterface
  public interface Marking {
    /**
     * The bytes of a PNG file of a generated picture.
     *
     * @param edited whether it was drawn over another picture
     */
    byte[] png(RgbImage generated, boolean edited);

    /** The first one that the class path offers as a service, or plain PNG. */
    static Marking installed() {
      return ServiceLoader.load(Marking.class, Marking.class.getClassLoader())
          .findFirst()
          .orElse((picture, edited) -> picture.toPng());
    }
  }
}
