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
 * A generated image, with the seed, request and latents from which it was generated.
 *
 * @param image the generated pixels. Where a mask keeps the initial image, they are the pixels of
 *     the initial image
 * @param seed the seed of the initial noise
 * @param request the request with every default filled in; for an enlarged image, the request of
 *     the second pass
 * @param latents the final latents, before decoding
 * @param pixels the decoded image before rounding to bytes and before kept pixels are pasted, [3,
 *     height, width] in row-major order, 0..1
 * @param isEdited true if the request has an initial image or reference images. It is false for
 *     initial latents, because their source is not known
 * @param firstPassRequest for an enlarged image, the request of the first pass with every default
 *     filled in; otherwise null
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

  /**
   * Writes a PNG file with the marking of {@link #toPng()}. A failure leaves no partial file.
   *
   * @param file the file to write, which is replaced if it exists
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written, for
   *     example because the disk is full
   */
  public void write(Path file) {
    byte[] bytes = toPng();
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * {@return the bytes of a PNG file that {@link Marking#load()} marks as generated or edited} If
   * the marking includes a watermark, the watermark changes pixel values.
   */
  public byte[] toPng() {
    return Marking.load().encodePng(image, isEdited);
  }

  /**
   * Encodes generated images as files that are marked as generated.
   *
   * <p>Modules provide markings as services on the class path. {@code likeness-headshots} writes
   * XMP metadata; {@code likeness-provenance} adds a watermark and signed content credentials.
   * Without these modules, generated images are plain PNG files.
   */
  @FunctionalInterface
  public interface Marking {
    /**
     * {@return the bytes of an image file with this marking}
     *
     * @param generated the image
     * @param format the file format
     * @param edited true if the image was generated from another image, such as a photo
     * @throws UnsupportedOperationException if this marking does not write {@code format}
     */
    byte[] encode(RgbImage generated, ImageFormat format, boolean edited);

    /**
     * {@return the bytes of a PNG file with this marking, like {@link #encode}}
     *
     * @param generated the image
     * @param edited true if the image was generated from another image, such as a photo
     */
    default byte[] encodePng(RgbImage generated, boolean edited) {
      return encode(generated, ImageFormat.PNG, edited);
    }

    /**
     * {@return the priority of this marking; the marking with the highest priority on the class
     * path is used} The library's own markings have priority 0 (XMP) and 100 (watermark and content
     * credentials).
     */
    default int priority() {
      return 0;
    }

    /**
     * {@return the marking with the highest {@link #priority()} on the class path} If there is no
     * marking, the result writes plain PNG files.
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
            "no module on the class path writes generated images as " + format
                + "; add likeness-headshots, or write PNG");
      }
      return generated.toPng();
    }
  }
}
