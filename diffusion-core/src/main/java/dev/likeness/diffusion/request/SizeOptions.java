package dev.likeness.diffusion.request;

import org.jspecify.annotations.Nullable;

/**
 * Size of the images, and SDXL's size conditioning.
 *
 * <p>The default size is the size of the initial image. If there is also a mask (not a change map),
 * it is the base's default size. A UNet with a ControlNet, Z-Image and editing models keep the
 * initial image's size even with a mask. If there is no initial image, a UNet takes the size of the
 * first control image. In all other cases, the base's default size is used. Stable Diffusion 3 and
 * FLUX.1 (not Kontext and Fill) scale a larger initial image down to about the number of pixels of
 * the base's default size.
 *
 * @param width the width in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the
 *     default
 * @param height the height in pixels, a multiple of {@code BaseModel.sizeMultiple()}, or 0 for the
 *     default
 * @param conditioning SDXL's size conditioning of the prompt
 * @param negativeConditioning size conditioning of the negative prompt; null for the size
 *     conditioning of the prompt
 */
public record SizeOptions(
    int width,
    int height,
    SizeConditioning conditioning,
    @Nullable SizeConditioning negativeConditioning) {
  /** The default size, with the default size conditioning. */
  public static final SizeOptions DEFAULT = new SizeOptions(0, 0, SizeConditioning.DEFAULT, null);

  /**
   * Checks that no side is negative.
   *
   * @param width the width in pixels, or 0 for the default
   * @param height the height in pixels, or 0 for the default
   * @param conditioning SDXL's size conditioning of the prompt
   * @param negativeConditioning size conditioning of the negative prompt, or null
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
   * @param negativePrompt size conditioning of the negative prompt; null for the size conditioning
   *     of the prompt
   */
  public SizeOptions conditioning(
      SizeConditioning positive, @Nullable SizeConditioning negativePrompt) {
    return new SizeOptions(width, height, positive, negativePrompt);
  }
}
