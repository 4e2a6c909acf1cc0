package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.photos.internal.image.Resampler;
import java.util.List;

/**
 * Draws a part of an image anew: masked image-to-image at a size that the base knows, enlarged as
 * images of a shoot are.
 *
 * @param request what is drawn, person and all, before its size
 * @param upscaler what is drawn over where the image is larger than the base draws at once
 */
public record Inpainting(BaseModel base, ImageRequest request, Upscaler upscaler) {
  /**
   * The image with what {@code mask} shows white drawn anew, at its own size; the rest of it is
   * near to what it was.
   *
   * @param strength how much is drawn anew, 0 to 1
   */
  RgbImage inpaint(
      RgbImage image,
      RgbImage mask,
      double strength,
      Progress progress,
      Cancellation cancellation) {
    int most = (int) (TiledUpscale.MAX_UNTILED_SCALE * base.defaults().width());
    TiledUpscale.requireTiledSampling(base, Math.max(image.width(), image.height()));
    if (most < Math.max(image.width(), image.height())) {
      WholeImage.require(request.adapters(), "a part of an image this large");
    }
    int unit = Math.max(
        base.unwrap(OpenModel.class).autoencoder().vaeScaleFactor(),
        base.defaults().width() / 8);
    double longer = Math.max(image.width(), image.height());
    double scale = longer < base.defaults().width()
        ? base.defaults().width() / longer
        : Math.min(1, most / longer);
    int width = roundToMultiple(scale * image.width(), unit);
    int height = roundToMultiple(scale * image.height(), unit);
    ImageRequest over = request
        .size(width, height)
        .steps(steps(base, request))
        .initialImage(InitialImage.of(resize(image, width, height))
            .strength(Math.max(strength, 1.5 / steps(base, request)))
            .mask(resize(mask, width, height)));
    RgbImage small = base.generate(over, progress, cancellation).get(0).image();
    RgbImage large = scale >= 1
        ? small
        : TiledUpscale.upscale(
            base,
            request,
            small,
            roundToMultiple(image.width(), unit),
            roundToMultiple(image.height(), unit),
            upscaler,
            progress,
            cancellation);
    return resize(large, image.width(), image.height());
  }

  /** Drawing over takes the last of the steps, at least one: of a single one there is no last. */
  static int steps(BaseModel base, ImageRequest request) {
    return Math.max(2, request.steps() == 0 ? base.defaults().steps() : request.steps());
  }

  private static int roundToMultiple(double length, int unit) {
    return (int) Math.max(1, Math.round(length / unit)) * unit;
  }

  private static RgbImage resize(RgbImage image, int width, int height) {
    return image.width() == width && image.height() == height
        ? image
        : (width < image.width() ? Resampler.AREA : Resampler.CUBIC).resize(image, width, height);
  }

  /**
   * What may be drawn with where the base sees windows or crops of an image: nobody who is in some
   * places of it alone.
   */
  static final class WholeImage {
    private WholeImage() {}

    /**
     * Refuses adapters that act in places of the image, such as an image prompt with a mask, which
     * would lie over each window or crop as if it were the image.
     *
     * @param work what is to be done, for the message
     * @throws IllegalArgumentException when one does
     */
    static void require(List<Adapter> adapters, String work) {
      if (adapters.stream().anyMatch(Adapter::isRegional)) {
        throw new IllegalArgumentException(
            work + " is drawn in windows or crops of the image, and an image prompt's mask lies"
                + " over the image as a whole; show the person without a mask, or draw at the base's own size");
      }
    }
  }
}
