package dev.likeness.diffusion.request;

/**
 * Size of the images, and SDXL's size conditioning.
 *
 * <p>A default size is that of the initial image; without one, on a UNet, that of the first control
 * image; else the base's own. For a masked image it is the base's own, except on a UNet with a
 * ControlNet, Z-Image, and bases that edit. Stable Diffusion 3 and FLUX.1 (not Kontext and Fill)
 * scale a larger default size down to about the base's number of pixels.
 *
 * @param width in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the default
 * @param height in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the default
 * @param conditioning SDXL's size conditioning of the prompt
 * @param negativeConditioning size conditioning of the negative prompt; null for the prompt's
 */
public record SizeOptions(
    int width, int height, SizeConditioning conditioning, SizeConditioning negativeConditioning) {
  /** The default size, with the default size conditioning. */
  public static final SizeOptions DEFAULT = new SizeOptions(0, 0, SizeConditioning.DEFAULT, null);

  public SizeOptions {
    if (width < 0 || height < 0) {
      throw new IllegalArgumentException(
          "width and height must not be negative, got " + width + "x" + height);
    }
  }

  /**
   * Returns these options with another image size.
   *
   * @param w width in pixels, or 0 for the default
   * @param h height in pixels, or 0 for the default
   * @throws IllegalArgumentException if a side is negative
   */
  public SizeOptions size(int w, int h) {
    return new SizeOptions(w, h, conditioning, negativeConditioning);
  }

  /**
   * Returns these options with other size conditioning.
   *
   * @param positive size conditioning of the prompt
   * @param negativePrompt size conditioning of the negative prompt; null for the prompt's
   */
  public SizeOptions conditioning(SizeConditioning positive, SizeConditioning negativePrompt) {
    return new SizeOptions(width, height, positive, negativePrompt);
  }
}
