package dev.likeness.diffusion.request;

/**
 * SDXL's size conditioning: the original size, crop and target size, which the network takes as
 * inputs. In training, they told the network how each image had been scaled and cropped. Other
 * model families do not use them.
 *
 * <p>A size of 0 means the size of the generated image. Source: Podell et al. 2023,
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
    int originalWidth,
    int originalHeight,
    int left,
    int top,
    int targetWidth,
    int targetHeight,
    double aestheticScore) {
  /** The generated image's own size, no crop, and diffusers' default aesthetic score of 6. */
  public static final SizeConditioning DEFAULT = new SizeConditioning(0, 0, 0, 0, 0, 0, 6);

  /**
   * Checks that no size is negative.
   *
   * @param originalWidth width before scaling, in pixels (diffusers: {@code original_size})
   * @param originalHeight height before scaling, in pixels
   * @param left columns cropped at the left (diffusers: {@code crops_coords_top_left})
   * @param top rows cropped at the top
   * @param targetWidth width after cropping, in pixels (diffusers: {@code target_size})
   * @param targetHeight height after cropping, in pixels
   * @param aestheticScore aesthetic score, about 1 to 10
   * @throws IllegalArgumentException if a size is negative
   */
  public SizeConditioning {
    if (originalWidth < 0 || originalHeight < 0 || targetWidth < 0 || targetHeight < 0) {
      throw new IllegalArgumentException("sizes must not be negative, got original " + originalWidth
          + "x" + originalHeight + " and target " + targetWidth + "x" + targetHeight);
    }
  }

  /**
   * {@return this conditioning with another size before scaling}
   *
   * @param width the width in pixels; 0 for the width of the generated image
   * @param height the height in pixels; 0 for the height of the generated image
   * @throws IllegalArgumentException if a side is negative
   */
  public SizeConditioning originalSize(int width, int height) {
    return new SizeConditioning(
        width, height, left, top, targetWidth, targetHeight, aestheticScore);
  }

  /**
   * {@return this conditioning with another crop offset}
   *
   * @param columns the number of columns cropped at the left
   * @param rows the number of rows cropped at the top
   */
  public SizeConditioning cropTopLeft(int columns, int rows) {
    return new SizeConditioning(
        originalWidth, originalHeight, columns, rows, targetWidth, targetHeight, aestheticScore);
  }

  /**
   * {@return this conditioning with another size after cropping}
   *
   * @param width the width in pixels; 0 for the width of the generated image
   * @param height the height in pixels; 0 for the height of the generated image
   * @throws IllegalArgumentException if a side is negative
   */
  public SizeConditioning targetSize(int width, int height) {
    return new SizeConditioning(
        originalWidth, originalHeight, left, top, width, height, aestheticScore);
  }

  /**
   * {@return this conditioning with another aesthetic score, which only the refiner gets}
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
    int rows = originalHeight == 0 ? height : originalHeight;
    int columns = originalWidth == 0 ? width : originalWidth;
    return count == 5
        ? new float[] {rows, columns, top, left, (float) aestheticScore}
        : new float[] {
          rows,
          columns,
          top,
          left,
          targetHeight == 0 ? height : targetHeight,
          targetWidth == 0 ? width : targetWidth
        };
  }
}
