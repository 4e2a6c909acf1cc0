package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.Style;
import java.util.List;

/**
 * A request for headshots. Immutable.
 *
 * @param styles the styles, at least one
 * @param count number of images in each style, at least 1
 * @param identityStrength how strongly the person acts on the images, 0 (not at all) to 1 (as
 *     trained)
 * @param steps number of sampling steps, at least 1
 * @param guidance guidance scale, from 0. NaN means the style's guidance scale. If the style has no
 *     guidance scale, NaN means two thirds of the base's default, at most 4
 * @param size width and height in pixels, a multiple of 8 from 64 to 4096, or 0 for the base's own
 *     size. Images above 1.5 times the base's own size are generated at its own size and enlarged;
 *     then image-to-image adds details
 * @param seed image i of the shoot uses the noise of {@code seed + i}
 * @param variant index of the combination of clothes, expression, light and backdrop for the first
 *     image of each style, from 0
 */
public record ShootRequest(
    List<Style> styles,
    int count,
    double identityStrength,
    int steps,
    double guidance,
    int size,
    long seed,
    int variant) {
  /** The default number of sampling steps. */
  public static final int STEPS = 20;

  private static final int MIN_SIZE = 64;

  /** The longest side of an image, in pixels. */
  public static final int MAX_SIZE = 4096;
  // Pixels of one latent in most autoencoders.
  private static final int SIZE_MULTIPLE = 8;
  // Lower than for images without a person, because guidance moves towards the prompt and away from
  // the person.
  private static final double MAX_GUIDANCE = 4;
  private static final double GUIDANCE_SHARE = 2.0 / 3;

  /**
   * Checks the request.
   *
   * @param styles the styles, at least one
   * @param count number of images in each style, at least 1
   * @param identityStrength the identity strength, 0 to 1
   * @param steps number of sampling steps, at least 1
   * @param guidance guidance scale, from 0, or NaN for the default
   * @param size width and height in pixels, or 0 for the base's own size
   * @param seed seed of the first image's noise
   * @param variant index of the combination for a style's first image, from 0
   * @throws IllegalArgumentException if a value is outside its range
   */
  public ShootRequest {
    if (styles.isEmpty() || count < 1 || steps < 1 || size < 0 || variant < 0) {
      throw new IllegalArgumentException(
          "a shoot needs a style, at least 1 image and 1 step, and no negative size or variant;"
              + " got "
              + styles.size() + " styles, count " + count + ", steps " + steps + ", size " + size
              + ", variant " + variant);
    }
    if (variant > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException("variant " + variant + " plus " + count
          + " images is more than " + Integer.MAX_VALUE + "; give a smaller variant");
    }
    if (size != 0 && (size < MIN_SIZE || size > MAX_SIZE || size % SIZE_MULTIPLE != 0)) {
      throw new IllegalArgumentException(
          "size " + size + " is not a multiple of " + SIZE_MULTIPLE + " from " + MIN_SIZE + " to "
              + MAX_SIZE + "; choose such a multiple, or 0 for the base's own");
    }
    if (guidance < 0 || Double.isInfinite(guidance)) {
      throw new IllegalArgumentException(
          "guidance " + guidance + " is not a finite number from 0; omit it for the base's own");
    }
    if (!(identityStrength >= 0 && identityStrength <= 1)) {
      throw new IllegalArgumentException(
          "the identity strength must be in 0..1, got " + identityStrength);
    }
    styles = List.copyOf(styles);
  }

  /**
   * Requests headshots in one style, with defaults.
   *
   * @param style the style
   * @param count number of images, at least 1
   * @return the request
   */
  public static ShootRequest of(Style style, int count) {
    return new ShootRequest(List.of(style), count, 1, STEPS, Double.NaN, 0, 0, 0);
  }

  /**
   * Requests headshots in several styles, with defaults.
   *
   * @param styles the styles, at least one
   * @param count number of images in each style, at least 1
   * @return the request
   */
  public static ShootRequest of(List<Style> styles, int count) {
    return new ShootRequest(styles, count, 1, STEPS, Double.NaN, 0, 0, 0);
  }

  /**
   * The request for one image, without size and person.
   *
   * @param prompt the prompt
   * @param style provides the negative prompt, and the guidance scale if this request has no
   *     guidance scale
   * @return the request
   */
  public ImageRequest imageRequest(String prompt, Style style) {
    return ImageRequest.of(prompt)
        .negative(style.negative().isEmpty() ? null : style.negative())
        .steps(steps)
        .guidance(Double.isNaN(guidance) ? style.guidance() : guidance)
        .seed(seed);
  }

  /**
   * The default guidance scale for a person: two thirds of the base's default, at most 4.
   *
   * @param base the base model
   * @return the guidance scale
   */
  public static double guidance(BaseModel base) {
    return Math.min(MAX_GUIDANCE, GUIDANCE_SHARE * base.defaults().guidance());
  }

  /**
   * The same request with another identity strength.
   *
   * @param value how strongly the person acts on the images, 0 (not at all) to 1 (as trained)
   * @return the new request
   */
  public ShootRequest identityStrength(double value) {
    return new ShootRequest(styles, count, value, steps, guidance, size, seed, variant);
  }

  /**
   * The same request with another number of steps.
   *
   * @param n number of sampling steps, at least 1
   * @return the new request
   */
  public ShootRequest steps(int n) {
    return new ShootRequest(styles, count, identityStrength, n, guidance, size, seed, variant);
  }

  /**
   * The same request with another guidance scale.
   *
   * @param scale guidance scale, from 0; NaN for the default
   * @return the new request
   */
  public ShootRequest guidance(double scale) {
    return new ShootRequest(styles, count, identityStrength, steps, scale, size, seed, variant);
  }

  /**
   * The same request with another size.
   *
   * @param pixels width and height in pixels, a multiple of 8 from 64 to 4096; 0 for the base's own
   *     size
   * @return the new request
   */
  public ShootRequest size(int pixels) {
    return new ShootRequest(
        styles, count, identityStrength, steps, guidance, pixels, seed, variant);
  }

  /**
   * The same request with another seed.
   *
   * @param value seed of the first image
   * @return the new request
   */
  public ShootRequest seed(long value) {
    return new ShootRequest(styles, count, identityStrength, steps, guidance, size, value, variant);
  }

  /**
   * The same request with another combination for the first image of each style, such as for a
   * later shoot of the same person.
   *
   * @param first index of the combination for the first image of each style, from 0
   * @return the new request
   */
  public ShootRequest variant(int first) {
    return new ShootRequest(styles, count, identityStrength, steps, guidance, size, seed, first);
  }
}
