package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * What a run begins from instead of noise alone. Exactly one of picture and latents is there.
 *
 * @param picture a picture, resized to the request's size; null when latents are given
 * @param latents latents of an earlier run; null when a picture is given
 * @param strength the share of the steps that is done, in 0..1, or NaN for the model's default. A
 *     network that edits pictures (Kontext, FLUX.2) is shown this one at 1; below, it draws over it
 *     as others do
 * @param mask white where to draw, black where to keep; null to draw everywhere
 * @param byDegrees whether the mask's shades say how much each place may change; a mask is cut at
 *     its middle otherwise
 * @param ownSize whether a network that edits pictures (Kontext) and is shown this one is shown it
 *     at its own size, rather than at the nearest of those it was trained on
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

  /** Whether a mask says what is drawn and what is kept. */
  public boolean masked() {
    return mask != null && !byDegrees;
  }

  /** Begins from a picture. */
  public static InitialImage of(RgbImage picture) {
    return new InitialImage(picture, null, Double.NaN, null, false, false);
  }

  /**
   * A picture on a larger canvas, of which the new margins are drawn: outpainting. They begin as
   * the picture's edges, drawn out.
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

  /** The same, of which {@code share} is redrawn. */
  public InitialImage strength(double share) {
    return new InitialImage(picture, latents, share, mask, byDegrees, ownSize);
  }

  /** The same, shown to a network that edits pictures at its own size. */
  public InitialImage atItsOwnSize() {
    return new InitialImage(picture, latents, strength, mask, byDegrees, true);
  }

  /** The same, drawn anew only where {@code white} is white. */
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
