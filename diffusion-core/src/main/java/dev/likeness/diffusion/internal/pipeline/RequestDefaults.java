package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Latents;

/**
 * Stage 1: fills in a request's missing steps, guidance, strength and size, and checks its initial
 * image.
 *
 * @param defaults the base's default options
 */
public record RequestDefaults(PipelineModel model, GenerationDefaults defaults) {
  /** The request with every default filled in. */
  public ImageRequest complete(ImageRequest r) {
    requireStart(r);
    model.requireInputs(r);
    GenerationDefaults own = model.model().defaults(r);
    ImageRequest counted = r.steps() == 0 ? r.steps(own.steps()) : r;
    ImageRequest sized =
        withSize(counted).guidance(Double.isNaN(r.guidance()) ? own.guidance() : r.guidance());
    InitialImage initial = r.initialImage();
    return initial == null || !Double.isNaN(initial.strength())
        ? sized
        : sized.initialImage(
            initial.strength(initial.mask() == null ? own.strength() : own.inpaintStrength()));
  }

  /** Refuses initial images that sampling, or its second pass, cannot start from. */
  private void requireStart(ImageRequest r) {
    boolean enlarges = r.hires() != null && !r.hires().pixels();
    if (enlarges && model.inpainting().isPresent()) {
      throw new IllegalArgumentException(
          "a base that was trained for inpainting does not support a second pass over latents;"
              + " use a second pass over pixels");
    }
    if (enlarges
        && r.initialImage() != null
        && r.initialImage().mask() != null
        && r.initialImage().image() == null) {
      throw new IllegalArgumentException(
          "a second pass over latents with a mask needs an initial image, got initial latents;"
              + " give an image, or use a second pass over pixels");
    }
    if (r.denoisingStart() > 0 && r.initialImage() == null) {
      throw new IllegalArgumentException("a denoising start of " + r.denoisingStart()
          + " needs latents; give them as the initial image");
    }
    if (r.denoisingStart() > 0 && r.initialImage().isDifferential()) {
      throw new IllegalArgumentException("a denoising start of " + r.denoisingStart()
          + " does not go with a change map; give a mask, or start at 0");
    }
  }

  private ImageRequest withSize(ImageRequest r) {
    int factor = model.model().autoencoder().vaeScaleFactor();
    int unit = r.initialImage() == null
        ? model.model().latents().textToImageMultiple()
        : model.model().latents().sizeMultiple();
    Latents latents = r.initialImage() == null ? null : r.initialImage().latents();
    RgbImage image = latents == null ? model.sizeReference(r) : null;
    double scale = image == null ? 1 : model.model().latents().scale(image);
    int width = latents != null
        ? latents.width() * factor
        : image != null ? roundToUnit(image.width(), scale, unit) : defaults.width();
    int height = latents != null
        ? latents.height() * factor
        : image != null ? roundToUnit(image.height(), scale, unit) : defaults.height();
    ImageRequest sized =
        r.size(r.width() == 0 ? width : r.width(), r.height() == 0 ? height : r.height());
    if (sized.width() % unit != 0
        || sized.height() % unit != 0
        || sized.width() == 0
        || sized.height() == 0) {
      throw new IllegalArgumentException("width and height must be multiples of " + unit + ", got "
          + sized.width() + "x" + sized.height());
    }
    return sized;
  }

  /** Rounds a scaled side to the nearest multiple of the unit, and an unscaled side down. */
  private static int roundToUnit(int side, double scale, int unit) {
    return scale < 1 ? (int) Math.round(side * scale / unit) * unit : side / unit * unit;
  }
}
