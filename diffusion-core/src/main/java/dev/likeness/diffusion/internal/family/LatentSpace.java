package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;

/**
 * How latents of a model relate to images.
 *
 * @param sizeMultiple what the sides of an image are a multiple of, in pixels
 * @param maxPixels an initial image of more pixels is scaled down to these where no size is asked
 *     for
 * @param sizeFromMasked whether an initial image gives its size with a mask, too
 * @param sizeFromControl whether, beside control images, the first image there is gives its size
 * @param smoothMasks whether masks are brought to the latents' size bilinearly, rather than by the
 *     pixel in a latent's corner
 */
public record LatentSpace(
    int sizeMultiple,
    double maxPixels,
    boolean sizeFromMasked,
    boolean sizeFromControl,
    boolean smoothMasks) {
  private static final int MIN_MULTIPLE = 8;

  /** Latents of images that keep their number of pixels. */
  public static LatentSpace of(int unit) {
    return new LatentSpace(unit, Double.POSITIVE_INFINITY, false, false, false);
  }

  /** With a bound on the pixels of an initial image. */
  public LatentSpace withMaxPixels(double pixels) {
    return new LatentSpace(sizeMultiple, pixels, sizeFromMasked, sizeFromControl, smoothMasks);
  }

  /**
   * {@link #sizeMultiple} of an image that is generated from nothing: no model was trained on sides
   * of odd numbers of pixels.
   */
  public int textToImageMultiple() {
    return Math.max(MIN_MULTIPLE, sizeMultiple);
  }

  /** Tokens or places of an image of a request's size. */
  public long tokens(ImageRequest request) {
    return (long) request.width() / sizeMultiple * (request.height() / sizeMultiple);
  }

  /** The factor, at most 1, for the sides of an initial image where no size is asked for. */
  public double scale(RgbImage image) {
    return Math.min(1, Math.sqrt(maxPixels / image.width() / image.height()));
  }

  /**
   * The image whose size, down to whole units, a request has that asks for none; null where it is
   * the model's own.
   *
   * @param editing the model's, or null
   */
  public RgbImage sizeReference(ImageRequest request, Editing editing) {
    InitialImage initial = request.initialImage();
    if (sizeFromControl && !request.controlImages().isEmpty()) {
      return initial == null ? request.controlImages().get(0).image() : initial.image();
    }
    if (initial == null) {
      return null;
    }
    if (editing != null && (request.isEdit() || initial.isMasked())) {
      return editing.prepareReference(initial.image(), initial.keepsSize());
    }
    return initial.isMasked() && !sizeFromMasked && scale(initial.image()) == 1
        ? null
        : initial.image();
  }
}
