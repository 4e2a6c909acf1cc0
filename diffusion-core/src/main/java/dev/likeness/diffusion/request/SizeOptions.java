package dev.likeness.diffusion.request;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Size of the images, and SDXL's size conditioning.
 *
 * <p>The default size depends on the request. The first rule that matches applies:
 *
 * <ul>
 *   <li>With initial latents: the latents' size times the autoencoder's scale factor.
 *   <li>With {@link InitialImage#paddingMaskCrop(int)}: the base's default size.
 *   <li>With an initial image and a mask that is not a change map: the base's default size.
 *       Z-Image, and a UNet with a control image, use the initial image's size instead. An editing
 *       model uses the size to which it scales the initial image.
 *   <li>With any other initial image: the initial image's size.
 *   <li>Without an initial image: a UNet uses the size of the first control image. An editing model
 *       uses the size to which it scales the first reference image.
 *   <li>In all other cases: the base's default size.
 * </ul>
 *
 * <p>There is one exception, for Stable Diffusion 3, Chroma and FLUX.1 (except Kontext and Fill).
 * If the initial image has more pixels than the base's default size, the initial image's size is
 * scaled down to about as many pixels, with or without a mask. Sides are rounded to multiples that
 * the base supports.
 *
 * @param width the width in pixels, a multiple of {@code BaseModel.sizeMultiple()}; empty for the
 *     default
 * @param height the height in pixels, a multiple of {@code BaseModel.sizeMultiple()}; empty for the
 *     default
 * @param conditioning SDXL's size conditioning of the prompt
 * @param negativeConditioning size conditioning of the negative prompt; empty for the size
 *     conditioning of the prompt. With a refiner, empty also means no crop and an aesthetic score
 *     of 2.5, as in diffusers
 */
public record SizeOptions(
    OptionalInt width,
    OptionalInt height,
    SizeConditioning conditioning,
    Optional<SizeConditioning> negativeConditioning) {
  /** The default size, with the default size conditioning. */
  public static final SizeOptions DEFAULT = new SizeOptions(
      OptionalInt.empty(), OptionalInt.empty(), SizeConditioning.DEFAULT, Optional.empty());

  /**
   * Checks that the sides are at least 1.
   *
   * @throws IllegalArgumentException if a side is below 1
   */
  public SizeOptions {
    if (width.orElse(1) < 1 || height.orElse(1) < 1) {
      throw new IllegalArgumentException("width and height must be at least 1, got "
          + (width.orElse(1) < 1 ? "width " + width.getAsInt() : "height " + height.getAsInt()));
    }
  }

  /**
   * {@return a copy of these options with the given image size}
   *
   * @param w the width in pixels, at least 1
   * @param h the height in pixels, at least 1
   * @throws IllegalArgumentException if a side is below 1
   */
  public SizeOptions size(int w, int h) {
    return new SizeOptions(
        OptionalInt.of(w), OptionalInt.of(h), conditioning, negativeConditioning);
  }

  /**
   * {@return a copy of these options with the given width} The height stays as it is.
   *
   * @param w the width in pixels, at least 1
   * @throws IllegalArgumentException if the width is below 1
   */
  public SizeOptions width(int w) {
    return new SizeOptions(OptionalInt.of(w), height, conditioning, negativeConditioning);
  }

  /**
   * {@return a copy of these options with the given height} The width stays as it is.
   *
   * @param h the height in pixels, at least 1
   * @throws IllegalArgumentException if the height is below 1
   */
  public SizeOptions height(int h) {
    return new SizeOptions(width, OptionalInt.of(h), conditioning, negativeConditioning);
  }

  /**
   * {@return a copy of these options with the given size conditioning of the prompt}
   *
   * @param positive size conditioning of the prompt
   */
  public SizeOptions conditioning(SizeConditioning positive) {
    return new SizeOptions(width, height, positive, negativeConditioning);
  }

  /**
   * {@return a copy of these options with the given size conditioning of prompt and negative
   * prompt}
   *
   * @param positive size conditioning of the prompt
   * @param negativePrompt size conditioning of the negative prompt
   */
  public SizeOptions conditioning(SizeConditioning positive, SizeConditioning negativePrompt) {
    return new SizeOptions(width, height, positive, Optional.of(negativePrompt));
  }
}
