package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * A generated image, with the seed, request and latents from which it was generated.
 *
 * @param image the generated pixels. Where a mask keeps the initial image, the initial image's
 *     pixels are pasted; see {@link dev.likeness.diffusion.request.InitialImage#pasteUnmasked}
 * @param seed the seed of the initial noise
 * @param request the request with every default filled in; for an image that a
 *     {@link dev.likeness.diffusion.request.HiresFix} enlarged, the request of the second pass
 * @param latents the final latents, before decoding
 * @param pixels the decoded image before it is rounded to bytes and before the initial image's
 *     pixels are pasted, [3, height, width] in row-major order, 0..1
 * @param isEdited true if the request has an initial image, or reference images of a strength above
 *     0. Initial latents do not count, because the source of latents is not known
 * @param firstPassRequest for an enlarged image, the request of the first pass with every default
 *     filled in; otherwise empty
 */
public record GeneratedImage(
    RgbImage image,
    long seed,
    ImageRequest request,
    Latents latents,
    float[] pixels,
    boolean isEdited,
    Optional<ImageRequest> firstPassRequest) {
  /** Copies {@code pixels}. */
  public GeneratedImage {
    pixels = pixels.clone();
  }

  static GeneratedImage of(LatentCodec.Result result) {
    return new GeneratedImage(
        result.image(),
        result.seed(),
        result.request(),
        result.latents(),
        result.pixels(),
        result.edited(),
        Optional.ofNullable(result.first()));
  }

  /**
   * {@return a copy of the decoded image before rounding, [3, height, width] in row-major order,
   * 0..1}
   */
  @Override
  public float[] pixels() {
    return pixels.clone();
  }

  /**
   * Writes a PNG file with the marking of {@link Marking#load()}, which depends on the class path.
   * A failure leaves no partial file.
   *
   * @param file the file to write, which is replaced if it exists
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written, for
   *     example because the disk is full
   */
  public void write(Path file) {
    write(file, Marking.load());
  }

  /**
   * Writes a PNG file with the given marking. A failure leaves no partial file.
   *
   * @param file the file to write, which is replaced if it exists
   * @param marking marks the file as generated or edited, for example {@link Marking#PLAIN}
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written, for
   *     example because the disk is full
   */
  public void write(Path file, Marking marking) {
    byte[] bytes = toPng(marking);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * {@return the bytes of a PNG file with the marking of {@link Marking#load()}, which depends on
   * the class path} If the marking includes a watermark, the watermark changes pixel values.
   */
  public byte[] toPng() {
    return toPng(Marking.load());
  }

  /**
   * {@return the bytes of a PNG file with the given marking; other markings on the class path are
   * ignored}
   *
   * @param marking marks the file as generated or edited, for example {@link Marking#PLAIN}
   */
  public byte[] toPng(Marking marking) {
    return marking.encodePng(image, isEdited);
  }

  /** Compares all components by value, including every value of the pixels. */
  @Override
  public boolean equals(Object other) {
    return other instanceof GeneratedImage g
        && seed == g.seed
        && isEdited == g.isEdited
        && image.equals(g.image)
        && request.equals(g.request)
        && latents.equals(g.latents)
        && Arrays.equals(pixels, g.pixels)
        && Objects.equals(firstPassRequest, g.firstPassRequest);
  }

  @Override
  public int hashCode() {
    return Objects.hash(image, seed);
  }

  @Override
  public String toString() {
    return image + " generated with seed " + seed;
  }

  /**
   * Encodes generated images as files, and usually marks the files as generated or edited.
   *
   * <p>Modules provide markings as services on the class path. {@code likeness-headshots} writes
   * XMP metadata; {@code likeness-provenance} adds a watermark and signed content credentials.
   * Without these modules, generated images are plain PNG files. A program that needs the same
   * marking with every class path chooses the marking with {@link #named}.
   */
  @FunctionalInterface
  public interface Marking {
    /** Writes plain PNG files without any mark. This marking supports no other format. */
    Marking PLAIN = new Marking() {
      @Override
      public byte[] encode(RgbImage generated, ImageFormat format, boolean edited) {
        if (format != ImageFormat.PNG) {
          throw new InvalidInputException("the marking \"plain\" writes only PNG, got " + format
              + "; write PNG, or use the marking of likeness-headshots");
        }
        return generated.toPng();
      }

      @Override
      public RgbImage markPixels(RgbImage generated, boolean edited) {
        return generated;
      }

      @Override
      public String name() {
        return "plain";
      }
    };

    /**
     * {@return the bytes of an image file with this marking}
     *
     * @param generated the image
     * @param format the file format
     * @param edited true if the image was generated from another image, such as a photo
     * @throws InvalidInputException if this marking does not write {@code format}
     */
    byte[] encode(RgbImage generated, ImageFormat format, boolean edited);

    /**
     * {@return the bytes of a PNG file with this marking, as {@link #encode} returns them for
     * {@link ImageFormat#PNG}}
     *
     * @param generated the image
     * @param edited true if the image was generated from another image, such as a photo
     */
    default byte[] encodePng(RgbImage generated, boolean edited) {
      return encode(generated, ImageFormat.PNG, edited);
    }

    /**
     * {@return the pixels of the PNG file that {@link #encodePng} returns} They differ from the
     * image if this marking adds a watermark or a label. A marking that changes no pixels should
     * return the image itself; the default decodes the file.
     *
     * @param generated the image
     * @param edited true if the image was generated from another image, such as a photo
     */
    default RgbImage markPixels(RgbImage generated, boolean edited) {
      return RgbImage.read("the file of the marking " + name(), encodePng(generated, edited));
    }

    /**
     * {@return the priority of this marking; the marking with the highest priority on the class
     * path is used} The library's own markings have priority 0 (XMP) and 100 (watermark and content
     * credentials).
     */
    default int priority() {
      return 0;
    }

    /** {@return the name of this marking, for {@link #named}} */
    default String name() {
      return getClass().getSimpleName();
    }

    /**
     * {@return the marking with the highest {@link #priority()} on the class path; {@link #PLAIN}
     * if there is none}
     */
    static Marking load() {
      return available().get(0);
    }

    /**
     * {@return the marking of the given name, even if another marking on the class path has a
     * higher priority}
     *
     * @param name {@code plain}; {@code xmp} of {@code likeness-headshots}; {@code disclosure} of
     *     {@code likeness-provenance}; or the name of a marking that the program provides
     * @throws IllegalArgumentException if no marking on the class path has this name
     */
    static Marking named(String name) {
      List<Marking> all = available();
      return all.stream()
          .filter(each -> each.name().equals(name))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no marking on the class path is called"
              + " \"" + name + "\"; known: " + all.stream().map(Marking::name).toList()));
    }

    /** {@return the markings on the class path by descending priority, then {@link #PLAIN}} */
    static List<Marking> available() {
      Stream<Marking> services =
          ServiceLoader.load(Marking.class, Marking.class.getClassLoader()).stream()
              .map(ServiceLoader.Provider::get)
              .sorted(Comparator.comparingInt(Marking::priority).reversed());
      return Stream.concat(services, Stream.of(PLAIN)).toList();
    }
  }
}
