package dev.likeness.diffusion.request;

import java.util.OptionalInt;

/**
 * SDXL's size conditioning: the original size, crop and target size, which are inputs of the
 * network. In training, these values described how each image had been scaled and cropped. Other
 * model families refuse all values except {@link #DEFAULT}.
 *
 * <p>A size that is not given is the size of the generated image. Source: Podell et al. 2023,
 * arXiv:2307.01952, section 2.2.
 *
 * @param originalWidth width before scaling, in pixels (diffusers: {@code original_size})
 * @param originalHeight height before scaling, in pixels
 * @param left columns cropped at the left (diffusers: {@code crops_coords_top_left})
 * @param top rows cropped at the top
 * @param targetWidth width after cropping, in pixels (diffusers: {@code target_size})
 * @param targetHeight height after cropping, in pixels
 * @param aestheticScore aesthetic score, about 1 to 10; only the refiner gets it, instead of the
 *     target size
 */
public record SizeConditioning(
    OptionalInt originalWidth,
    OptionalInt originalHeight,
    int left,
    int top,
    OptionalInt targetWidth,
    OptionalInt targetHeight,
    double aestheticScore) {
  /** The generated image's own size, no crop, and diffusers' default aesthetic score of 6. */
  public static final SizeConditioning DEFAULT = new SizeConditioning(
      OptionalInt.empty(), OptionalInt.empty(), 0, 0, OptionalInt.empty(), OptionalInt.empty(), 6);

  /**
   * Checks that the sizes are positive.
   *
   * @throws IllegalArgumentException if a size is below 1
   */
  public SizeConditioning {
    require("original", originalWidth, originalHeight);
    require("target", targetWidth, targetHeight);
  }

  private static void require(String name, OptionalInt width, OptionalInt height) {
    if (width.orElse(1) < 1 || height.orElse(1) < 1) {
      throw new IllegalArgumentException("the " + name + " size must be at least 1x1, got "
          + width.orElse(1) + "x" + height.orElse(1));
    }
  }

  /**
   * {@return a copy of this conditioning with the given original size, the size before scaling}
   *
   * @param width the width in pixels, at least 1
   * @param height the height in pixels, at least 1
   * @throws IllegalArgumentException if a side is below 1
   */
  public SizeConditioning originalSize(int width, int height) {
    return new SizeConditioning(
        OptionalInt.of(width),
        OptionalInt.of(height),
        left,
        top,
        targetWidth,
        targetHeight,
        aestheticScore);
  }

  /**
   * {@return a copy of this conditioning with the given crop offset}
   *
   * @param columns the number of columns cropped at the left
   * @param rows the number of rows cropped at the top
   */
  public SizeConditioning cropTopLeft(int columns, int rows) {
    return new SizeConditioning(
        originalWidth, originalHeight, columns, rows, targetWidth, targetHeight, aestheticScore);
  }

  /**
   * {@return a copy of this conditioning with the given target size, the size after cropping}
   *
   * @param width the width in pixels, at least 1
   * @param height the height in pixels, at least 1
   * @throws IllegalArgumentException if a side is below 1
   */
  public SizeConditioning targetSize(int width, int height) {
    return new SizeConditioning(
        originalWidth,
        originalHeight,
        left,
        top,
        OptionalInt.of(width),
        OptionalInt.of(height),
        aestheticScore);
  }

  /**
   * {@return a copy of this conditioning with the given aesthetic score, which only the refiner
   * gets}
   *
   * @param value the aesthetic score, about 1 to 10
   */
  public SizeConditioning aestheticScore(double value) {
    return new SizeConditioning(
        originalWidth, originalHeight, left, top, targetWidth, targetHeight, value);
  }

  /**
   * {@return the values that the network gets (diffusers: {@code add_time_ids}), heights before
   * widths}
   *
   * @param width the width of the generated image in pixels
   * @param height the height of the generated image in pixels
   * @param count the number of values: 5 for the refiner, otherwise 6
   */
  public float[] timeIds(int width, int height, int count) {
    int rows = originalHeight.orElse(height);
    int columns = originalWidth.orElse(width);
    return count == 5
        ? new float[] {rows, columns, top, left, (float) aestheticScore}
        : new float[] {
          rows, columns, top, left, targetHeight.orElse(height), targetWidth.orElse(width)
        };
  }
}
