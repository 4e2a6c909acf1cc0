package dev.likeness.lora.training;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Aspect buckets: image sizes of nearly equal area, so that images of any aspect ratio need little
 * cropping (NovelAI 2022, "aspect ratio bucketing"). Images of one size form a batch.
 *
 * @param sizes the sizes, narrowest first; at least one
 */
public record AspectBuckets(List<Size> sizes) {
  /** The ratio of width to height is between 1/2 and 2. */
  private static final double MAX_RATIO = 2;

  /**
   * An image size in pixels.
   *
   * @param width the width in pixels
   * @param height the height in pixels
   */
  public record Size(int width, int height) {
    double ratio() {
      return (double) width / height;
    }
  }

  /**
   * Checks that there is at least one size.
   *
   * @throws IllegalArgumentException if there is no size
   */
  public AspectBuckets {
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("aspect buckets need at least 1 size, got none");
    }
  }

  /**
   * Returns sizes whose width and height are multiples of {@code step}. For each width, the height
   * is the largest multiple of {@code step} that keeps the area within {@code side * side}. Ratios
   * of width to height are 1/2 to 2. Typical values of side and step are 512 and 64 for Stable
   * Diffusion 1.x, and 1024 and 64 for SDXL.
   *
   * @param side the side in pixels of a square with the desired area
   * @param step number of pixels that divides all widths and heights, from 1
   * @return the buckets
   * @throws IllegalArgumentException if the step is below 1, or the side is not a positive multiple
   *     of the step
   */
  public static AspectBuckets of(int side, int step) {
    if (step < 1 || side < step || side % step != 0) {
      throw new IllegalArgumentException(
          "aspect buckets need a step of at least 1 and a side that is a multiple of the step, got"
              + " step " + step + " and side " + side);
    }
    List<Size> sizes = new ArrayList<>();
    for (int width = step; width <= MAX_RATIO * side; width += step) {
      int height = (int) ((long) side * side / width / step * step);
      double ratio = (double) width / Math.max(1, height);
      if (height > 0 && ratio <= MAX_RATIO && ratio >= 1 / MAX_RATIO) {
        sizes.add(new Size(width, height));
      }
    }
    return new AspectBuckets(sizes);
  }

  /**
   * {@return the size whose aspect ratio is nearest to the aspect ratio of an image}
   *
   * @param image an image of any size
   */
  public Size nearest(RgbImage image) {
    double ratio = (double) image.width() / image.height();
    return sizes.stream()
        .min(Comparator.comparingDouble(size -> Math.abs(Math.log(size.ratio() / ratio))))
        .orElseThrow();
  }

  /**
   * Crops the centre of an image to the aspect ratio of the nearest bucket and resizes it to the
   * size of this bucket.
   *
   * @param image an image of any size
   * @return an example with the resized image, without caption, focus area or mask
   */
  public TrainingExample fit(RgbImage image) {
    Size size = nearest(image);
    double scale =
        Math.min((double) image.width() / size.width, (double) image.height() / size.height);
    int width = (int) Math.min(image.width(), Math.round(size.width * scale));
    int height = (int) Math.min(image.height(), Math.round(size.height * scale));
    RgbImage middle =
        image.crop((image.width() - width) / 2, (image.height() - height) / 2, width, height);
    return TrainingExample.of(PillowResampling.LANCZOS.resize(middle, size.width, size.height));
  }
}
