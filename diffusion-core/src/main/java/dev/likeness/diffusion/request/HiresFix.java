package dev.likeness.diffusion.request;

/**
 * A second pass over the enlarged image, for sizes beyond those that a base was trained on:
 * generated small, enlarged, and generated over, inside the mask or map of changes of the first
 * pass. Around it is the initial image.
 *
 * @param scale how many times wider and higher, more than 1, at most 8
 * @param strength the share of the steps that the second pass samples, in 0..1
 * @param steps the second pass's steps before strength, or 0 for as many as the first
 * @param pixels whether the decoded image is enlarged (Lanczos) and encoded again; otherwise its
 *     latents are enlarged (bilinear), which needs more strength. A base made for inpainting needs
 *     the image
 */
public record HiresFix(double scale, double strength, int steps, boolean pixels) {
  public HiresFix {
    if (!(scale > 1 && scale <= 8) || !(strength > 0 && strength <= 1) || steps < 0) {
      throw new IllegalArgumentException("a second pass needs a scale in 1..8, a strength in 0..1"
          + " and no negative steps, got " + scale + ", " + strength + " and " + steps);
    }
  }

  /** Over enlarged latents. */
  public static HiresFix latents(double scale, double strength) {
    return new HiresFix(scale, strength, 0, false);
  }

  /** Over the enlarged image. */
  public static HiresFix pixels(double scale, double strength) {
    return new HiresFix(scale, strength, 0, true);
  }
}
