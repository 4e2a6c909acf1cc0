package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.photos.internal.image.Resampler;
import java.util.List;

/**
 * Draws a part of a picture anew: masked image-to-image at a size that the base knows, enlarged as
 * pictures of a shoot are.
 *
 * @param request what is drawn, person and all, before its size
 * @param enlarger what is drawn over where the picture is larger than the base draws at once
 */
record Inpainting(BaseModel base, ImageRequest request, Upscaler enlarger) {
  /**
   * The picture with what {@code mask} shows white drawn anew, at its own size; the rest of it is
   * near to what it was.
   *
   * @param strength how much is drawn anew, 0 to 1
   */
  RgbImage of(
      RgbImage picture,
      RgbImage mask,
      double strength,
      Progress progress,
      Cancellation cancellation) {
    int most = (int) (TiledUpscale.AT_ONCE * base.defaults().width());
    TiledUpscale.requireWindows(base, Math.max(picture.width(), picture.height()));
    if (most < Math.max(picture.width(), picture.height())) {
      WholePicture.require(request.adapters(), "a part of a picture this large");
    }
    int unit = Math.max(
        base.unwrap(OpenModel.class).autoencoder().factor(), base.defaults().width() / 8);
    double longer = Math.max(picture.width(), picture.height());
    double scale = longer < base.defaults().width()
        ? base.defaults().width() / longer
        : Math.min(1, most / longer);
    int width = sides(scale * picture.width(), unit);
    int height = sides(scale * picture.height(), unit);
    ImageRequest over = request
        .size(width, height)
        .steps(steps(base, request))
        .from(InitialImage.of(resized(picture, width, height))
            .strength(Math.max(strength, 1.5 / steps(base, request)))
            .mask(resized(mask, width, height)));
    RgbImage small = base.generate(over, progress, cancellation).get(0).picture();
    RgbImage large = scale >= 1
        ? small
        : TiledUpscale.of(
            base,
            request,
            small,
            sides(picture.width(), unit),
            sides(picture.height(), unit),
            enlarger,
            progress,
            cancellation);
    return resized(large, picture.width(), picture.height());
  }

  /** Drawing over takes the last of the steps, at least one: of a single one there is no last. */
  static int steps(BaseModel base, ImageRequest request) {
    return Math.max(2, request.steps() == 0 ? base.defaults().steps() : request.steps());
  }

  private static int sides(double length, int unit) {
    return (int) Math.max(1, Math.round(length / unit)) * unit;
  }

  private static RgbImage resized(RgbImage picture, int width, int height) {
    return picture.width() == width && picture.height() == height
        ? picture
        : (width < picture.width() ? Resampler.AREA : Resampler.CUBIC)
            .resize(picture, width, height);
  }

  /**
   * What may be drawn with where the base sees windows or crops of a picture: nobody who is in some
   * places of it alone.
   */
  static final class WholePicture {
    private WholePicture() {}

    /**
     * Refuses adapters that act in places of the picture, such as an image prompt with a mask,
     * which would lie over each window or crop as if it were the picture.
     *
     * @param work what is to be done, for the message
     * @throws IllegalArgumentException when one does
     */
    static void require(List<Adapter> adapters, String work) {
      if (adapters.stream().anyMatch(Adapter::isPlaced)) {
        throw new IllegalArgumentException(
            work + " is drawn in windows or crops of the picture, and an image prompt's mask lies"
                + " over the picture as a whole; show the person without a mask, or draw at the base's own size");
      }
    }
  }
}
