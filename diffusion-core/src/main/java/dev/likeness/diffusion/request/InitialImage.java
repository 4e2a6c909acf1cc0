package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * Where sampling begins instead of noise alone: an image or latents, one of the two.
 *
 * @param picture an image, resized to the request's size; null if latents are given
 * @param latents latents of an earlier generation; null if an image is given
 * @param strength the share of the steps that is sampled, in 0..1, or NaN for the default. At 1, a
 *     base that edits (Kontext, FLUX.2) takes the image as a reference; below, it generates over it
 *     as others do
 * @param mask white where to generate, black where to keep; null to generate everywhere
 * @param byDegrees whether the mask is a map of changes, whose shades say how much each place may
 *     change; otherwise it is cut at its middle
 * @param ownSize whether a base that edits (Kontext) takes the image at its own size, rather than
 *     at the nearest of those that it was trained on
 */
public record InitialImage(
    RgbImage picture,
    Latents latents,
    double strength,
    RgbImage mask,
    boolean byDegrees,
    boolean ownSize) {
  public InitialImage {
    if ((picture == null) == (latents == null)) {
      throw new IllegalArgumentException(
          "an initial image is a picture or latents, one of the two");
    }
    if (strength < 0 || strength > 1) {
      throw new IllegalArgumentException("strength must be in 0..1, got " + strength);
    }
  }

  /** Whether a mask says what is generated and what is kept. */
  public boolean masked() {
    return mask != null && !byDegrees;
  }

  /** Begins from an image. */
  public static InitialImage of(RgbImage picture) {
    return new InitialImage(picture, null, Double.NaN, null, false, false);
  }

  /**
   * Outpainting: an image with new margins, which are generated. They begin as the image's edges,
   * stretched.
   */
  public static InitialImage extended(RgbImage picture, int left, int top, int right, int bottom) {
    if (Math.min(Math.min(left, top), Math.min(right, bottom)) < 0) {
      throw new IllegalArgumentException(
          "margins must not be negative, got " + left + ", " + top + ", " + right + ", " + bottom);
    }
    int width = picture.width() + left + right;
    int height = picture.height() + top + bottom;
    byte[] canvas = new byte[width * height * 3];
    byte[] mask = new byte[canvas.length];
    for (int i = 0; i < canvas.length; i++) {
      int x = i / 3 % width - left;
      int y = i / 3 / width - top;
      int inX = Math.max(0, Math.min(picture.width() - 1, x));
      int inY = Math.max(0, Math.min(picture.height() - 1, y));
      canvas[i] = (byte) picture.at(inX, inY, i % 3);
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
    return new InitialImage(picture, latents, share, mask, byDegrees, ownSize);
  }

  /** The same, taken at its own size by a base that edits. */
  public InitialImage atItsOwnSize() {
    return new InitialImage(picture, latents, strength, mask, byDegrees, true);
  }

  /** The same, generated only where {@code white} is white. */
  public InitialImage mask(RgbImage white) {
    return new InitialImage(picture, latents, strength, white, false, ownSize);
  }

  /**
   * The same, changed the more the lighter {@code map} is: differential diffusion,
   * arXiv:2306.00950.
   */
  public InitialImage change(RgbImage map) {
    return new InitialImage(picture, latents, strength, map, true, ownSize);
  }
}
