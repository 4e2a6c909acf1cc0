package dev.likeness.diffusion.request;

/**
 * Size of the images, and the sizes that SDXL is conditioned on.
 *
 * @param width in pixels, a multiple of {@code BaseModel.unit()}, or 0 for the default: the initial
 *     image's width, else, on a UNet, the first control image's, else the base's own. Masked images
 *     have the base's own too, but on UNets with a ControlNet, Z-Image, and bases that edit. On
 *     Stable Diffusion 3 and FLUX.1 (not Kontext and Fill) larger images are scaled down to about
 *     the base's number of pixels, masked or not
 * @param height in pixels, a multiple of the same, or 0 for the default
 * @param conditioning size conditioning of SDXL
 * @param negativeConditioning size conditioning of the negative prompt; null for the same
 */
public record SizeOptions(
    int width, int height, SizeConditioning conditioning, SizeConditioning negativeConditioning) {
  /** The base's own size, conditioned on as it is. */
  public static final SizeOptions DEFAULT = new SizeOptions(0, 0, SizeConditioning.DEFAULT, null);

  public SizeOptions {
    if (width < 0 || height < 0) {
      throw new IllegalArgumentException(
          "size " + width + "x" + height + ": neither side may be negative");
    }
  }

  public SizeOptions size(int w, int h) {
    return new SizeOptions(w, h, conditioning, negativeConditioning);
  }

  public SizeOptions conditioning(SizeConditioning wanted, SizeConditioning negativePrompt) {
    return new SizeOptions(width, height, wanted, negativePrompt);
  }
}
