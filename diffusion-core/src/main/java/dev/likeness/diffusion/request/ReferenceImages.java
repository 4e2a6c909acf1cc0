package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Reference images: inputs of an editing model (FLUX.1 Kontext, FLUX.2 klein) in addition to the
 * noise. If the request has no {@link InitialImage} of a strength below 1, sampling still starts
 * from noise.
 *
 * @param images the images, in order; they may have different sizes; empty for no images
 * @param maxPixels the largest area of each image in pixels, at least 1; larger images are scaled
 *     down, which saves time. Empty for the model's own limit
 * @param strength how strongly the model attends to the images, at least 0. At 1, attention is as
 *     trained; at 0, the images are left out. The logarithm of the strength is added to the
 *     attention scores of the images' tokens
 */
public record ReferenceImages(List<RgbImage> images, OptionalInt maxPixels, double strength) {
  /** No reference images. */
  public static final ReferenceImages NONE = new ReferenceImages(List.of(), OptionalInt.empty(), 1);

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if {@code maxPixels} is below 1, or {@code strength} is
   *     negative, NaN, infinite or beyond 3.4e38
   * @throws NullPointerException if an image is null
   */
  public ReferenceImages {
    if (images.stream().anyMatch(image -> image == null)) {
      throw new NullPointerException("reference image " + (images.indexOf(null) + 1) + " of "
          + images.size() + " is null; leave it out");
    }
    if (maxPixels.orElse(1) < 1) {
      throw new IllegalArgumentException("the largest area of reference images must be at least 1"
          + " pixel, got " + maxPixels.getAsInt());
    }
    if (!(strength >= 0 && strength <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "the strength of reference images must be at least 0 and at most 3.4e38, got "
              + strength);
    }
    images = List.copyOf(images);
  }

  /**
   * {@return a copy of these options with the given images}
   *
   * @param others the images, in order
   * @throws NullPointerException if an image is null
   */
  public ReferenceImages images(List<RgbImage> others) {
    return new ReferenceImages(others, maxPixels, strength);
  }

  /**
   * {@return a copy of these options with the given limit on the area of an image}
   *
   * @param pixels the largest area of each image in pixels, at least 1
   * @throws IllegalArgumentException if the area is below 1
   */
  public ReferenceImages maxPixels(int pixels) {
    return new ReferenceImages(images, OptionalInt.of(pixels), strength);
  }

  /**
   * {@return a copy of these options with the given strength}
   *
   * @param factor how strongly the model attends to the images, at least 0; 1 is as trained
   * @throws IllegalArgumentException if the factor is negative, NaN, infinite or beyond 3.4e38
   */
  public ReferenceImages strength(double factor) {
    return new ReferenceImages(images, maxPixels, factor);
  }

  /**
   * {@return these options with the images of other options appended} If only one of the two
   * objects has images, the result equals that object.
   *
   * @param others the other options
   * @throws IllegalArgumentException if both options have images, and their area limits or their
   *     strengths differ
   */
  public ReferenceImages and(ReferenceImages others) {
    if (images.isEmpty() || others.images.isEmpty()) {
      return images.isEmpty() && !others.images.isEmpty() ? others : this;
    }
    if (!maxPixels.equals(others.maxPixels) || strength != others.strength) {
      throw new IllegalArgumentException("all reference images of a request must have the same"
          + " strength and size limit, got strength " + strength + " with " + limit()
          + " and strength "
          + others.strength + " with " + others.limit() + "; give the same for all");
    }
    return images(Stream.concat(images.stream(), others.images.stream()).toList());
  }

  private String limit() {
    return maxPixels.isPresent()
        ? "a limit of " + maxPixels.getAsInt() + " pixels"
        : "the model's limit";
  }

  ReferenceImages and(Adapter adapter) {
    ReferenceImages all = this;
    for (Adapter summand : adapter.components()) {
      all = all.and(summand.referenceImages());
    }
    return all;
  }

  /**
   * {@return an image, scaled down if its area is larger than {@code maxPixels}; otherwise the same
   * object}
   *
   * @param image the image
   */
  public RgbImage limitSize(RgbImage image) {
    double scale = maxPixels.isEmpty()
        ? 1
        : Math.sqrt(maxPixels.getAsInt() / ((double) image.width() * image.height()));
    return scale >= 1
        ? image
        : PillowResampling.LANCZOS.resize(
            image, Math.max(1, (int) (image.width() * scale)), Math.max(1, (int)
                (image.height() * scale)));
  }
}
