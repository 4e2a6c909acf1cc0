package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * Where sampling begins instead of noise alone: an image or latents, one of the two.
 *
 * @param image an image, resized to the request's size; null if latents are given
 * @param latents latents of an earlier generation; null if an image is given
 * @param strength the share of the steps that is sampled, in 0..1, or NaN for the default. At 1, a
 *     base that edits (Kontext, FLUX.2) takes the image as a reference; below, it generates over it
 *     as others do
 * @param mask white where to generate, black where to keep; null to generate everywhere
 * @param isDifferential whether the mask is a map of changes, whose shades say how much each place
 *     may change; otherwise it is cut at its middle
 * @param keepsSize whether a base that edits (Kontext) takes the image at its own size, rather than
 *     at the nearest of those that it was trained on
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
      throw new IllegalArgumentException("an initial image is an image or latents, one of the two");
    }
    if (strength < 0 || strength > 1) {
      throw new IllegalArgumentException("strength must be in 0..1, got " + strength);
    }
  }

  /** Whether a mask says what is generated and what is kept. */
  public boolean isMasked() {
    return mask != null && !isDifferential;
  }

  /** Begins from an image. */
  public static InitialImage of(RgbImage image) {
    return new InitialImage(image, null, Double.NaN, null, false, false);
  }

  /**
   * Outpainting: an image with new margins, which are generated. They begin as the image's edges,
   * stretched.
   */
  public static InitialImage outpaint(RgbImage image, int left, int top, int right, int bottom) {
    if (Math.min(Math.min(left, top), Math.min(right, bottom)) < 0) {
      throw new IllegalArgumentException(
          "margins must not be negative, got " + left + ", " + top + ", " + right + ", " + bottom);
    }
    int width = image.width() + left + right;
    int height = image.height() + top + bottom;
    byte[] canvas = new byte[width * height * 3];
    byte[] mask = new byte[canvas.length];
    for (int i = 0; i < canvas.length; i++) {
      int x = i / 3 % width - left;
      int y = i / 3 / width - top;
      int inX = Math.max(0, Math.min(image.width() - 1, x));
      int inY = Math.max(0, Math.min(image.height() - 1, y));
      canvas[i] = (byte) image.at(inX, inY, i % 3);
      mask[i] = (byte) (x == inX && y == inY ? 0 : 255);
    }
    return of(RgbImage.of(width, height, canvas)).mask(RgbImage.of(width, height, mask));
  }

  /** Begins from latents. */
  public static InitialImage of(Latents latents) {
    return new InitialImage(null, latents, Double.NaN, null, false, false);
  }

  /** The same at this strength. */
  public InitialImage strength(double share) {
    return new InitialImage(image, latents, share, mask, isDifferential, keepsSize);
  }

  /** The same, taken at its own size by a base that edits. */
  public InitialImage keepingSize() {
    return new InitialImage(image, latents, strength, mask, isDifferential, true);
  }

  /** The same, generated only where {@code white} is white. */
  public InitialImage mask(RgbImage white) {
    return new InitialImage(image, latents, strength, white, false, keepsSize);
  }

  /**
   * The same, changed the more the lighter {@code map} is: differential diffusion,
   * arXiv:2306.00950.
   */
  public InitialImage changeMap(RgbImage map) {
    return new InitialImage(image, latents, strength, map, true, keepsSize);
  }
}
