package dev.likeness.diffusion;

import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.ServiceLoader;

/**
 * An image and how it was made.
 *
 * @param image the pixels
 * @param seed the seed of its noise
 * @param request the request with every default filled in; of an enlarged image, that of the second
 *     pass
 * @param latents the final latents before decoding
 * @param pixels the decoded image before rounding to bytes, [3, height, width] by rows, 0..1
 * @param isEdited whether the request as it was asked began from an image; what latents began from
 *     is not known
 * @param firstPassRequest of an enlarged image the completed request of the first pass, else null
 */
public record GeneratedImage(
    RgbImage image,
    long seed,
    ImageRequest request,
    Latents latents,
    float[] pixels,
    boolean isEdited,
    ImageRequest firstPassRequest) {
  static GeneratedImage of(LatentCodec.Result result) {
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
  public void write(Path file) {
    byte[] bytes = toPng();
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * The bytes of a PNG file that says, where {@link Marking} can, that the image was generated, or
   * edited; a watermark changes pixels.
   */
  public byte[] toPng() {
    return Marking.load().encodePng(image, isEdited);
  }

  /**
   * Encodes generated images as files that say that they were generated. Modules offer markings as
   * services: {@code likeness-headshots} one that writes XMP, {@code likeness-provenance} one that
   * adds a watermark and signed content credentials. Without any of them, generated images are
   * plain PNG files.
   */
  @FunctionalInterface
  public interface Marking {
    /**
     * Returns the bytes of a file of a generated image.
     *
     * @param edited whether the image was generated from another image, such as a photo
     * @throws UnsupportedOperationException if this marking does not write {@code format}
     */
    byte[] encode(RgbImage generated, ImageFormat format, boolean edited);

    /** Returns the bytes of a PNG file of a generated image; see {@link #encode}. */
    default byte[] encodePng(RgbImage generated, boolean edited) {
      return encode(generated, ImageFormat.PNG, edited);
    }

    /**
     * Returns the rank of this marking among the services of a class path. The highest one is used:
     * the library's are 0 (XMP) and 100 (watermark and content credentials).
     */
    default int priority() {
      return 0;
    }

    /**
     * Returns the service of highest {@link #priority()} on the class path, or a marking that
     * writes plain PNG files.
     */
    static Marking load() {
      return ServiceLoader.load(Marking.class, Marking.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .max(Comparator.comparingInt(Marking::priority))
          .orElse(Marking::encodePlain);
    }

    private static byte[] encodePlain(RgbImage generated, ImageFormat format, boolean edited) {
      if (format != ImageFormat.PNG) {
        throw new UnsupportedOperationException(
            "nothing on the class path writes generated images as " + format
                + "; add likeness-headshots, or write PNG");
      }
      return generated.toPng();
    }
  }
}
