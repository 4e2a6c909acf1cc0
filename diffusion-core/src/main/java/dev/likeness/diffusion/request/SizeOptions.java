package dev.likeness.diffusion.request;

/**
 * Size of the images, and SDXL's size conditioning.
 *
 * <p>If there is an initial image, the default size is that image's. Without one, on a UNet, it is
 * the size of the first control image; otherwise it is the base's own. With a mask it is the base's
 * own, except on a UNet with a ControlNet, on Z-Image, and on bases that edit. Stable Diffusion 3
 * and FLUX.1 (not Kontext and Fill) scale a larger default size down to about the base's number of
 * pixels.
 *
 * @param width the width in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the
 *     default
 * @param height the height in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the
 *     default
 * @param conditioning SDXL's size conditioning of the prompt
 * @param negativeConditioning size conditioning of the negative prompt; null for the prompt's
 */
public record SizeOptions(
    int width, int height, SizeConditioning conditioning, SizeConditioning negativeConditioning) {
  /** The default size, with the default size conditioning. */
  public static final SizeOptions DEFAULT = new SizeOptions(0, 0, SizeConditioning.DEFAULT, null);

  /**
   * Checks that no side is negative.
   *
   * @param width the component {@code width}
   * @param height the component {@code height}
   * @param conditioning the component {@code conditioning}
   * @param negativeConditioning the component {@code negativeConditioning}
   * @throws IllegalArgumentException if a side is negative
   */
  public SizeOptions {
    if (width < 0 || height < 0) {
      throw new IllegalArgumentException(
          "width and height must not be negative, got " + width + "x" + height);
    }
  }

  /**
   * {@return these options with another image size}
   *
   * @param w the width in pixels, or 0 for the default
   * @param h the height in pixels, or 0 for the default
   * @throws IllegalArgumentException if a side is negative
   */
  public SizeOptions size(int w, int h) {
    return new SizeOptions(w, h, conditioning, negativeConditioning);
  }

  /**
   * {@return these options with other size conditioning}
   *
   * @param positive size conditioning of the prompt
   * @param negativePrompt size conditioning of the negative prompt; null for the prompt's
   */
  public SizeOptions conditioning(SizeConditioning positive, SizeConditioning negativePrompt) {
    return new SizeOptions(width, height, positive, negativePrompt);
  }
}
