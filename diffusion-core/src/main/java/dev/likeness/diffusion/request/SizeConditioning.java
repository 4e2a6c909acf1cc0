package dev.likeness.diffusion.request;

/**
 * Size conditioning of SDXL, as if the image were a training photo (Podell et al. 2023,
 * arXiv:2307.01952, section 2.2). Sizes of 0 are the image's own. Other families have none.
 *
 * @param originalWidth width of the photo before it was scaled, pixels
 * @param originalHeight its height
 * @param left columns cropped away
 * @param top rows cropped away
 * @param targetWidth width that it was cropped to
 * @param targetHeight its height
 * @param aestheticScore aesthetic score, about 1 to 10; the refiner takes it in place of the target
 *     size
 */
public record SizeConditioning(
    int originalWidth,
    int originalHeight,
    int left,
    int top,
    int targetWidth,
    int targetHeight,
    double aestheticScore) {
  /** The image's own size, nothing cropped, and diffusers' default score of 6. */
  public static final SizeConditioning DEFAULT = new SizeConditioning(0, 0, 0, 0, 0, 0, 6);

  public SizeConditioning {
    if (originalWidth < 0 || originalHeight < 0 || targetWidth < 0 || targetHeight < 0) {
      throw new IllegalArgumentException("sizes " + originalWidth + "x" + originalHeight + " and "
          + targetWidth + "x" + targetHeight + " must not be negative");
    }
  }

  public SizeConditioning originalSize(int width, int height) {
    return new SizeConditioning(
        width, height, left, top, targetWidth, targetHeight, aestheticScore);
  }

  public SizeConditioning cropTopLeft(int columns, int rows) {
    return new SizeConditioning(
        originalWidth, originalHeight, columns, rows, targetWidth, targetHeight, aestheticScore);
  }

  public SizeConditioning targetSize(int width, int height) {
    return new SizeConditioning(
        originalWidth, originalHeight, left, top, width, height, aestheticScore);
  }

  public SizeConditioning aestheticScore(double value) {
    return new SizeConditioning(
        originalWidth, originalHeight, left, top, targetWidth, targetHeight, value);
  }

  /**
   * The numbers as the network takes them: 6 of them, or 5 for the refiner; rows before columns.
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
