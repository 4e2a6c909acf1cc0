package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;

/**
 * How latents of a model relate to images.
 *
 * @param unit what the sides of an image are a multiple of, in pixels
 * @param mostPixels an initial image of more pixels is scaled down to these where no size is asked
 *     for
 * @param maskedSize whether an initial image gives its size with a mask, too
 * @param controlSize whether, beside control images, the first image there is gives its size
 * @param smoothMasks whether masks are brought to the latents' size bilinearly, rather than by the
 *     pixel in a latent's corner
 */
public record LatentSpace(
    int unit, double mostPixels, boolean maskedSize, boolean controlSize, boolean smoothMasks) {
  private static final int SMALLEST = 8;

  /** Latents of images that keep their number of pixels. */
  public static LatentSpace of(int unit) {
    return new LatentSpace(unit, Double.POSITIVE_INFINITY, false, false, false);
  }

  /** With a bound on the pixels of an initial image. */
  public LatentSpace atMost(double pixels) {
    return new LatentSpace(unit, pixels, maskedSize, controlSize, smoothMasks);
  }

  /**
   * {@link #unit} of an image that is generated from nothing: no model was trained on sides of odd
   * numbers of pixels.
   */
  public int smallest() {
    return Math.max(SMALLEST, unit);
  }

  /** Tokens or places of an image of a request's size. */
  public long tokens(ImageRequest request) {
    return (long) request.width() / unit * (request.height() / unit);
  }

  /** The factor, at most 1, for the sides of an initial image where no size is asked for. */
  public double scale(RgbImage picture) {
    return Math.min(1, Math.sqrt(mostPixels / picture.width() / picture.height()));
  }

  /**
   * The image whose size, down to whole units, a request has that asks for none; null where it is
   * the model's own.
   *
   * @param editing the model's, or null
   */
  public RgbImage sizedBy(ImageRequest request, Editing editing) {
    InitialImage initial = request.initial();
    if (controlSize && !request.controls().isEmpty()) {
      return initial == null ? request.controls().get(0).picture() : initial.picture();
    }
    if (initial == null) {
      return null;
    }
    if (editing != null && (request.isEdit() || initial.masked())) {
      return editing.reference(initial.picture(), initial.ownSize());
    }
    return initial.masked() && !maskedSize && scale(initial.picture()) == 1
        ? null
        : initial.picture();
  }
}
