package dev.likeness.lora.training;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Sizes of nearly equal area for images of any aspect ratio, so that training crops little (NovelAI
 * 2022, "aspect ratio bucketing"). Images of one size form a batch.
 *
 * @param sizes the sizes, the narrowest first
 */
public record AspectBuckets(List<Size> sizes) {
  /** Width over height from a half to two. */
  private static final double MAX_RATIO = 2;

  /** A size in pixels. */
  public record Size(int width, int height) {
    double ratio() {
      return (double) width / height;
    }
  }

  public AspectBuckets {
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("there must be a size to bring images to");
    }
  }

  /**
   * Sizes whose sides are multiples of {@code step} and whose area is at most that of a square of
   * {@code side}, as large as they can be: 512 and 64 for Stable Diffusion 1.x, 1024 and 64 for
   * SDXL.
   *
   * @throws IllegalArgumentException when the side is no multiple of the step
   */
  public static AspectBuckets of(int side, int step) {
    if (step < 1 || side < step || side % step != 0) {
      throw new IllegalArgumentException(
          "a side of " + side + " must be a multiple of the step " + step);
    }
    List<Size> sizes = new ArrayList<>();
    for (int width = step; width <= MAX_RATIO * side; width += step) {
      int height = side * side / width / step * step;
      double ratio = (double) width / Math.max(1, height);
      if (height > 0 && ratio <= MAX_RATIO && ratio >= 1 / MAX_RATIO) {
        sizes.add(new Size(width, height));
      }
    }
    return new AspectBuckets(sizes);
  }

  /** The size whose shape is nearest to that of an image. */
  public Size nearest(RgbImage image) {
    double ratio = (double) image.width() / image.height();
    return sizes.stream()
        .min(Comparator.comparingDouble(size -> Math.abs(Math.log(size.ratio() / ratio))))
        .orElseThrow();
  }

  /** The image at the nearest size: as much of its middle as has that shape. */
  public TrainingExample fit(RgbImage image) {
    Size size = nearest(image);
    double scale =
        Math.min((double) image.width() / size.width, (double) image.height() / size.height);
    int width = (int) Math.min(image.width(), Math.round(size.width * scale));
    int height = (int) Math.min(image.height(), Math.round(size.height * scale));
    RgbImage middle =
        image.crop((image.width() - width) / 2, (image.height() - height) / 2, width, height);
    return TrainingExample.of(Lanczos.resize(middle, size.width, size.height));
  }
}
