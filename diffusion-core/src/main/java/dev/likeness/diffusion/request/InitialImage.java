package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * An image or latents that sampling starts from, instead of noise alone.
 *
 * @param image an image, resized to the request's size; null if latents are given
 * @param latents latents of an earlier generation; null if an image is given
 * @param strength the share of the steps that is sampled, 0..1, or NaN for the default. At 1, a
 *     base that edits (Kontext, FLUX.2) takes the image as a reference; below 1, it samples over it
 *     as other bases do
 * @param mask white where to generate, black where to keep; null to generate everywhere
 * @param isDifferential whether the mask is a change map, whose shades are the strength of each
 *     place; otherwise the mask is thresholded at 0.5
 * @param keepsSize whether a base that edits (Kontext) takes the image at its own size, instead of
 *     the nearest size that it was trained on
 */
public record InitialImage(
    RgbImage image,
    Latents latents,
    double strength,
    RgbImage mask,
    boolean isDifferential,
    boolean keepsSize) {
  public InitialImage {
    if ((image == null) == (latents == null)) {
      throw new IllegalArgumentException(
          "an initial image is either an image or latents; give one of the two");
    }
    if (strength < 0 || strength > 1) {
      throw new IllegalArgumentException("strength must be in 0..1, got " + strength);
    }
  }

  /** Returns whether the mask separates generated from kept places. A change map does not. */
  public boolean isMasked() {
    return mask != null && !isDifferential;
  }

  /** Returns an initial image at the default strength, without a mask. */
  public static InitialImage of(RgbImage image) {
    return new InitialImage(image, null, Double.NaN, null, false, false);
  }

  /**
   * Returns an initial image for outpainting: the image with new margins, which a mask marks for
   * generation. The margins start as the stretched edges of the image.
   *
   * @param left margin in pixels, at least 0
   * @param top margin in pixels, at least 0
   * @param right margin in pixels, at least 0
   * @param bottom margin in pixels, at least 0
   * @throws IllegalArgumentException if a margin is negative
   */
  public static InitialImage outpaint(RgbImage image, int left, int top, int right, int bottom) {
    if (Math.min(Math.min(left, top), Math.min(right, bottom)) < 0) {
      throw new IllegalArgumentException(
          "margins must not be negative, got " + left + ", " + top + ", " + right + ", " + bottom);
    }
    int width = image.width() + left + right;
    int height = image.height() + top + bottom;
    byte[] extended = new byte[width * height * 3];
    byte[] mask = new byte[extended.length];
    for (int i = 0; i < extended.length; i++) {
      int x = i / 3 % width - left;
      int y = i / 3 / width - top;
      int inX = Math.max(0, Math.min(image.width() - 1, x));
      int inY = Math.max(0, Math.min(image.height() - 1, y));
      extended[i] = (byte) image.at(inX, inY, i % 3);
      mask[i] = (byte) (x == inX && y == inY ? 0 : 255);
    }
    return of(RgbImage.of(width, height, extended)).mask(RgbImage.of(width, height, mask));
  }

  /** Returns initial latents at the default strength, without a mask. */
  public static InitialImage of(Latents latents) {
    return new InitialImage(null, latents, Double.NaN, null, false, false);
  }

  /**
   * Returns this initial image at another strength.
   *
   * @param share the share of the steps that is sampled, 0..1, or NaN for the default
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public InitialImage strength(double share) {
    return new InitialImage(image, latents, share, mask, isDifferential, keepsSize);
  }

  /** Returns this initial image, taken at its own size by a base that edits. */
  public InitialImage keepingSize() {
    return new InitialImage(image, latents, strength, mask, isDifferential, true);
  }

  /**
   * Returns this initial image with a mask.
   *
   * @param white white where to generate, black where to keep; null to generate everywhere
   */
  public InitialImage mask(RgbImage white) {
    return new InitialImage(image, latents, strength, white, false, keepsSize);
  }

  /**
   * Returns this initial image with a change map: lighter places change more. Source: differential
   * diffusion, arXiv:2306.00950.
   *
   * @param map white where all of the steps apply, black where none does
   */
  public InitialImage changeMap(RgbImage map) {
    return new InitialImage(image, latents, strength, map, true, keepsSize);
  }
}
