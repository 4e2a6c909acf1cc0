package dev.likeness.diffusion.request;

import java.util.OptionalInt;

/**
 * A second pass over the enlarged image, to generate images larger than the base's training images.
 *
 * <p>The first pass generates a small image. The second pass enlarges this image and samples again.
 * If the request has a mask or change map, the second pass uses it too. The initial image is kept
 * where the mask or change map is black.
 *
 * @param scale the factor for width and height, above 1, at most 8
 * @param strength the share of the steps that the second pass samples, above 0, at most 1
 * @param steps the number of steps of the second pass before {@code strength} reduces it, at least
 *     1; empty for the number of steps of the first pass
 * @param pixels true to enlarge the decoded image (Lanczos) and encode it again; false to enlarge
 *     the latents (bilinear), which needs a higher strength. A base that was trained for inpainting
 *     needs {@code true}
 */
public record HiresFix(double scale, double strength, OptionalInt steps, boolean pixels) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public HiresFix {
    if (!(scale > 1 && scale <= 8) || !(strength > 0 && strength <= 1) || steps.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "a second pass needs a scale above 1 and up to 8, a strength above 0 and up to 1,"
              + " and at least 1 step, got scale " + scale + ", strength " + strength
              + (steps.isPresent() ? " and steps " + steps.getAsInt() : ""));
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
    return new HiresFix(scale, strength, OptionalInt.empty(), false);
  }

  /**
   * {@return a copy of this pass with the given number of steps}
   *
   * @param n the number of steps before {@code strength} reduces it, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public HiresFix steps(int n) {
    return new HiresFix(scale, strength, OptionalInt.of(n), pixels);
  }

  /**
   * {@return a second pass over the decoded and enlarged image, with the steps of the first pass}
   *
   * @param scale the factor for width and height, above 1, at most 8
   * @param strength the share of the steps that the second pass samples, above 0, at most 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static HiresFix pixels(double scale, double strength) {
    return new HiresFix(scale, strength, OptionalInt.empty(), true);
  }
}
