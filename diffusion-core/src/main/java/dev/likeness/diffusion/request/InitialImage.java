package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * An image or latents that sampling starts from, instead of noise only.
 *
 * @param image the image, which is resized to the request's size; empty if latents are given
 * @param latents latents of an earlier generation; empty if an image is given
 * @param strength the share of the steps that is sampled, 0..1; empty for the default. At 1, an
 *     editing model (Kontext, FLUX.2) uses the image as a reference. Below 1, such a model starts
 *     from the noised image, as other bases do
 * @param mask the mask: white pixels are generated, black pixels are kept; empty to generate
 *     everywhere
 * @param isDifferential true if the mask is a change map, whose grey values are the strength at
 *     each pixel; false if sampling makes the mask black and white, with the threshold 0.5
 * @param keepsSize true if an editing model keeps the image's size, apart from rounding. Otherwise
 *     Kontext resizes the image to one of Kontext's training sizes, and FLUX.2 reduces the image to
 *     about a million pixels
 * @param pastesUnmasked true if the initial image's own pixels are pasted where the mask is black.
 *     False if these pixels are decoded from latents, which changes them slightly
 * @param paddingMaskCrop the padding around the mask in pixels, at least 0, see
 *     {@link #paddingMaskCrop(int)}; empty to generate the whole image
 */
public record InitialImage(
    Optional<RgbImage> image,
    Optional<Latents> latents,
    OptionalDouble strength,
    Optional<RgbImage> mask,
    boolean isDifferential,
    boolean keepsSize,
    boolean pastesUnmasked,
    OptionalInt paddingMaskCrop) {
  /** The most pixels of an image that a file may have, too. */
  private static final long MAX_PIXELS = 1 << 26;

  /**
   * Checks the strength, the padding, and that either an image or latents are given.
   *
   * @throws IllegalArgumentException if image and latents are both given or both missing, if the
   *     strength is not in 0..1, or if the padding is negative
   */
  public InitialImage {
    if (image.isPresent() == latents.isPresent()) {
      throw new IllegalArgumentException(
          "an initial image is either an image or latents; give one of the two");
    }
    if (!(strength.orElse(0) >= 0 && strength.orElse(0) <= 1)) {
      throw new IllegalArgumentException("strength must be in 0..1, got " + strength.getAsDouble());
    }
    if (paddingMaskCrop.orElse(0) < 0) {
      throw new IllegalArgumentException("the padding of a cropped mask must be at least 0 pixels,"
          + " got " + paddingMaskCrop.getAsInt());
    }
  }

  /** {@return true if there is a mask that is not a change map} */
  public boolean isMasked() {
    return mask.isPresent() && !isDifferential;
  }

  /**
   * {@return an initial image at the default strength, without a mask}
   *
   * @param image the image; it is resized to the request's size
   */
  public static InitialImage of(RgbImage image) {
    return of(Optional.of(image), Optional.empty());
  }

  private static InitialImage of(Optional<RgbImage> image, Optional<Latents> latents) {
    return new InitialImage(
        image,
        latents,
        OptionalDouble.empty(),
        Optional.empty(),
        false,
        false,
        true,
        OptionalInt.empty());
  }

  /**
   * {@return an initial image for outpainting: the image with new margins, and a mask that marks
   * the margins for generation} The margins are first filled with the stretched edges of the image.
   *
   * @param image the image in the middle
   * @param left the left margin in pixels, at least 0
   * @param top the top margin in pixels, at least 0
   * @param right the right margin in pixels, at least 0
   * @param bottom the bottom margin in pixels, at least 0
   * @throws IllegalArgumentException if a margin is negative, or the image with its margins has
   *     more than 67 megapixels
   */
  public static InitialImage outpaint(RgbImage image, int left, int top, int right, int bottom) {
    if (Math.min(Math.min(left, top), Math.min(right, bottom)) < 0) {
      throw new IllegalArgumentException("margins must not be negative, got left " + left + ", top "
          + top + ", right " + right + ", bottom " + bottom);
    }
    long across = (long) image.width() + left + right;
    long down = (long) image.height() + top + bottom;
    if (across > MAX_PIXELS || down > MAX_PIXELS || across * down > MAX_PIXELS) {
      throw new IllegalArgumentException("an image with margins may have at most "
          + MAX_PIXELS / 1_000_000 + " megapixels, got " + across + "x" + down
          + "; give smaller margins");
    }
    int width = (int) across;
    int height = (int) down;
    byte[] extended = new byte[width * height * 3];
    byte[] mask = new byte[extended.length];
    for (int i = 0; i < extended.length; i++) {
      int x = i / 3 % width - left;
      int y = i / 3 / width - top;
      int inX = Math.max(0, Math.min(image.width() - 1, x));
      int inY = Math.max(0, Math.min(image.height() - 1, y));
      extended[i] = (byte) image.at(inX, inY, i % 3);
      mask[i] = (byte) (x == inX && y == inY ? 0 : 255);
    }
    return of(RgbImage.of(width, height, extended)).mask(RgbImage.of(width, height, mask));
  }

  /**
   * {@return initial latents at the default strength, without a mask}
   *
   * @param latents latents of an earlier generation
   */
  public static InitialImage of(Latents latents) {
    return of(Optional.empty(), Optional.of(latents));
  }

  /**
   * {@return a copy of this initial image with the given strength}
   *
   * @param share the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public InitialImage strength(double share) {
    return new InitialImage(
        image,
        latents,
        OptionalDouble.of(share),
        mask,
        isDifferential,
        keepsSize,
        pastesUnmasked,
        paddingMaskCrop);
  }

  /**
   * {@return a copy of this initial image; an editing model (Kontext, FLUX.2) keeps the copy's
   * size, apart from rounding}
   */
  public InitialImage keepingSize() {
    return new InitialImage(
        image, latents, strength, mask, isDifferential, true, pastesUnmasked, paddingMaskCrop);
  }

  /**
   * {@return this initial image with a mask}
   *
   * @param white the mask: white pixels are generated, black pixels are kept. The mask is resized
   *     to the request's size
   */
  public InitialImage mask(RgbImage white) {
    return new InitialImage(
        image,
        latents,
        strength,
        Optional.of(white),
        false,
        keepsSize,
        pastesUnmasked,
        paddingMaskCrop);
  }

  /** {@return this initial image without a mask or change map} */
  public InitialImage withoutMask() {
    return new InitialImage(
        image,
        latents,
        strength,
        Optional.empty(),
        false,
        keepsSize,
        pastesUnmasked,
        paddingMaskCrop);
  }

  /**
   * {@return this initial image with a change map: lighter pixels change more} Source: differential
   * diffusion, arXiv:2306.00950.
   *
   * @param map the change map. White pixels change in all steps. Black pixels change slightly, in
   *     the last step only; pasting restores them (see {@link #pasteUnmasked}). The map is resized
   *     to the request's size
   */
  public InitialImage changeMap(RgbImage map) {
    return new InitialImage(
        image,
        latents,
        strength,
        Optional.of(map),
        true,
        keepsSize,
        pastesUnmasked,
        paddingMaskCrop);
  }

  /**
   * {@return this initial image, with pasting of unmasked pixels turned on or off} With pasting, a
   * generated image equals the resized initial image where the mask is black. Where the mask is
   * grey, the generated and the initial image are mixed. With a change map, only black pixels are
   * pasted. Initial latents have no pixels to paste. Pasting changes
   * {@link dev.likeness.diffusion.GeneratedImage#image}, but not
   * {@link dev.likeness.diffusion.GeneratedImage#pixels}, the decoded image before pasting.
   *
   * @param pastes true, the default, to paste pixels of the initial image; false to return the
   *     decoded image, as diffusers does. With {@code paddingMaskCrop}, pixels outside the cropped
   *     region are always pasted
   */
  public InitialImage pasteUnmasked(boolean pastes) {
    return new InitialImage(
        image, latents, strength, mask, isDifferential, keepsSize, pastes, paddingMaskCrop);
  }

  /**
   * {@return this initial image, of which only the region around the mask is generated} The region
   * is the smallest rectangle around all pixels of the mask that are not black, padded and extended
   * to the request's aspect ratio. The region is cropped, enlarged to the request's size and
   * generated. The result is pasted into the initial image, so the generated image has the initial
   * image's size. A small region thus gets as much detail as a whole image.
   *
   * <p>This option needs an initial image (not latents) and a mask that is not a change map.
   * Control images are cropped to the same region. Source: diffusers' {@code padding_mask_crop}.
   *
   * @param pixels the padding in pixels of the initial image, at least 0; 32 is usual
   * @throws IllegalArgumentException if the padding is negative
   */
  public InitialImage paddingMaskCrop(int pixels) {
    return new InitialImage(
        image,
        latents,
        strength,
        mask,
        isDifferential,
        keepsSize,
        pastesUnmasked,
        OptionalInt.of(pixels));
  }

  /** {@return true if only the region around the mask is generated} */
  public boolean isMaskCropped() {
    return paddingMaskCrop.isPresent();
  }
}
