package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * Stage 2: fills in a request's missing steps, guidance, strength and size.
 *
 * @param defaults the base's default options
 */
public record RequestDefaults(OpenModel model, BaseDefaults defaults) {
  /** The request with every default filled in. */
  public ImageRequest complete(ImageRequest r) {
    GenerationDefaults own = defaults.of(r);
    ImageRequest counted = r.steps().isEmpty() ? r.steps(own.steps()) : r;
    ImageRequest sized = withSize(counted).guidance(r.guidance().orElse(own.guidance()));
    InitialImage initial = r.initialImage().orElse(null);
    return initial == null || initial.strength().isPresent()
        ? sized
        : sized.initialImage(
            initial.strength(initial.mask().isEmpty() ? own.strength() : own.inpaintStrength()));
  }

  private ImageRequest withSize(ImageRequest r) {
    int factor = model.autoencoder().vaeScaleFactor();
    int unit = r.initialImage().isEmpty()
        ? model.latents().textToImageMultiple()
        : model.latents().sizeMultiple();
    Latents latents = r.initialImage().flatMap(InitialImage::latents).orElse(null);
    boolean cropped = r.initialImage().filter(InitialImage::isMaskCropped).isPresent();
    RgbImage image = latents == null && !cropped
        ? model.latents().sizeReference(r, model.capability(Editing.class).orElse(null))
        : null;
    double scale = image == null ? 1 : model.latents().scale(image);
    int width = latents != null
        ? latents.width() * factor
        : image != null
            ? roundToUnit(image.width(), scale, unit)
            : defaults.plain().width();
    int height = latents != null
        ? latents.height() * factor
        : image != null
            ? roundToUnit(image.height(), scale, unit)
            : defaults.plain().height();
    int w = r.width().orElse(width);
    int h = r.height().orElse(height);
    if (w % unit != 0 || h % unit != 0 || w < 1 || h < 1) {
      throw new IllegalArgumentException(
          "width and height must be positive multiples of " + unit + ", got " + w + "x" + h);
    }
    return r.size(w, h);
  }

  /** Rounds a scaled side to the nearest multiple of the unit, and an unscaled side down. */
  private static int roundToUnit(int side, double scale, int unit) {
    return scale < 1 ? (int) Math.round(side * scale / unit) * unit : side / unit * unit;
  }
}
