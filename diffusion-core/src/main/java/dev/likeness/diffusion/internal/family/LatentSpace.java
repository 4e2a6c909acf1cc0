package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import java.util.List;

/**
 * The relation of a model's latents to images.
 *
 * @param sizeMultiple the number of pixels of which width and height must be multiples
 * @param maxPixels the number of pixels to which a larger initial image is scaled down, if the
 *     request has no size
 * @param sizeFromMasked true if a masked initial image sets the default size too
 * @param sizeFromControl true if the first available control image sets the default size
 * @param smoothMasks true if masks are resized to latents bilinearly, instead of by the upper left
 *     pixel
 */
public record LatentSpace(
    int sizeMultiple,
    double maxPixels,
    boolean sizeFromMasked,
    boolean sizeFromControl,
    boolean smoothMasks) {
  private static final int MIN_MULTIPLE = 8;

  /** Latents without a limit on the number of pixels. */
  public static LatentSpace of(int unit) {
    return new LatentSpace(unit, Double.POSITIVE_INFINITY, false, false, false);
  }

  /** Returns this with a limit on the pixels of an initial image. */
  public LatentSpace withMaxPixels(double pixels) {
    return new LatentSpace(sizeMultiple, pixels, sizeFromMasked, sizeFromControl, smoothMasks);
  }

  /**
   * {@link #sizeMultiple} for text-to-image, at least {@link #MIN_MULTIPLE}, because no model was
   * trained on odd sizes.
   */
  public int textToImageMultiple() {
    return Math.max(MIN_MULTIPLE, sizeMultiple);
  }

  /** The number of latent tokens or positions of an image of a request's size. */
  public long tokens(ImageRequest request) {
    return (long) request.width().getAsInt()
        / sizeMultiple
        * (request.height().getAsInt() / sizeMultiple);
  }

  /** The factor, at most 1, for the default size from an initial image. */
  public double scale(RgbImage image) {
    return Math.min(1, Math.sqrt(maxPixels / image.width() / image.height()));
  }

  /**
   * The image that sets the default size of a request; null for the model's own size.
   *
   * @param editing the model's capability, or null
   */
  public RgbImage sizeReference(ImageRequest request, Capabilities.Editing editing) {
    InitialImage initial = request.initialImage().orElse(null);
    if (sizeFromControl && !request.controlImages().isEmpty()) {
      return initial == null
          ? request.controlImages().get(0).image()
          : initial.image().orElse(null);
    }
    if (initial == null) {
      List<RgbImage> references = request.referenceImages().images();
      return editing == null || references.isEmpty()
          ? null
          : editing.prepare(references.get(0), false);
    }
    if (editing != null && (request.isEdit() || initial.isMasked())) {
      return editing.prepare(initial.image().orElse(null), initial.keepsSize());
    }
    return initial.isMasked() && !sizeFromMasked && scale(initial.image().orElse(null)) == 1
        ? null
        : initial.image().orElse(null);
  }
}
