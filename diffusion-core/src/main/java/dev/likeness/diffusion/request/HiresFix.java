package dev.likeness.diffusion.request;

/**
 * A second pass over the enlarged image, for sizes beyond those that the base was trained on.
 *
 * <p>The first pass generates a small image. The second pass enlarges this image and samples again.
 * If the request has a mask or change map, the second pass samples only inside it and keeps the
 * initial image outside.
 *
 * @param scale the factor for width and height, above 1, at most 8
 * @param strength the share of the steps that the second pass samples, above 0, at most 1
 * @param steps the number of steps of the second pass before {@code strength} reduces it; 0 for the
 *     number of the first pass
 * @param pixels true to enlarge the decoded image (Lanczos) and encode it again; false to enlarge
 *     the latents (bilinear), which needs more strength. A base made for inpainting needs true
 */
public record HiresFix(double scale, double strength, int steps, boolean pixels) {
  /**
   * Checks the ranges.
   *
   * @param scale the factor for width and height, above 1, at most 8
   * @param strength the share of the steps that the second pass samples, above 0, at most 1
   * @param steps the number of steps before {@code strength} reduces it; 0 for the first pass's
   *     number
   * @param pixels true to enlarge the decoded image, false to enlarge the latents
   * @throws IllegalArgumentException if a number is out of its range
   */
  public HiresFix {
    if (!(scale > 1 && scale <= 8) || !(strength > 0 && strength <= 1) || steps < 0) {
      throw new IllegalArgumentException(
          "a second pass needs a scale above 1 and up to 8, a strength above 0 and up to 1,"
              + " and steps of at least 0, got scale " + scale + ", strength " + strength
              + " and steps " + steps);
    }
  }

  /**
   * {@return a second pass over enlarged latents, with the steps of the first pass}
   *
   * @param scale the factor for width and height, above 1, at most 8
   * @param strength the share of the steps that the second pass samples, above 0, at most 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static HiresFix latents(double scale, double strength) {
    return new HiresFix(scale, strength, 0, false);
  }

  /**
   * {@return a second pass over the enlarged image, with the steps of the first pass}
   *
   * @param scale the factor for width and height, above 1, at most 8
   * @param strength the share of the steps that the second pass samples, above 0, at most 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static HiresFix pixels(double scale, double strength) {
    return new HiresFix(scale, strength, 0, true);
  }
}
