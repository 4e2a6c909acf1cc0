package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.Style;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A request for headshots. Immutable; setters return a changed copy and throw
 * {@link IllegalArgumentException} for a value out of its range.
 *
 * @param styles the styles, at least one
 * @param count number of images in each style, at least 1
 * @param identityStrength how strongly the person acts on the images, 0 (not at all) to 1 (as
 *     trained)
 * @param steps number of sampling steps, at least 1
 * @param guidance guidance scale, from 0; empty for the style's guidance scale. If the style has
 *     none, two thirds of the base's default are used, but never more than 4
 * @param size width and height in pixels, a multiple of 8 from 64 to 4096; empty for the base's own
 *     size. Images above 1.5 times the base's own size are generated at the base's own size and
 *     enlarged; then image-to-image adds details
 * @param seed image i of the shoot, from 0, uses the noise of {@code seed + i}
 * @param variant the combination of clothes, expression, light and backdrop for the first image of
 *     each style, as an index from 0
 */
public record ShootRequest(
    List<Style> styles,
    int count,
    double identityStrength,
    int steps,
    OptionalDouble guidance,
    OptionalInt size,
    long seed,
    int variant) {
  /** The default number of sampling steps. */
  public static final int STEPS = 20;

  private static final int MIN_SIZE = 64;

  /** The largest width and height of an image, in pixels. */
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
   * @throws IllegalArgumentException if a value is outside its range, or if {@code variant} plus
   *     {@code count} is above the largest int
   */
  public ShootRequest {
    if (styles.isEmpty() || count < 1 || steps < 1 || variant < 0) {
      throw new IllegalArgumentException(
          "a shoot needs a style, at least 1 image and 1 step, and a variant of at least 0; got "
              + "styles: " + styles.size() + ", count: " + count + ", steps: " + steps
              + ", variant: " + variant);
    }
    if (variant > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException("variant " + variant + " plus " + count
          + " images is more than " + Integer.MAX_VALUE + "; give a smaller variant");
    }
    int side = size.orElse(MIN_SIZE);
    if (side < MIN_SIZE || side > MAX_SIZE || side % SIZE_MULTIPLE != 0) {
      throw new IllegalArgumentException(
          "size " + side + " is not a multiple of " + SIZE_MULTIPLE + " from " + MIN_SIZE + " to "
              + MAX_SIZE + "; choose such a multiple, or omit the size to use the base's own");
    }
    double scale = guidance.orElse(0);
    if (!(scale >= 0 && Double.isFinite(scale))) {
      throw new IllegalArgumentException(
          "the guidance scale must be a finite number of at least 0, got " + scale
              + "; omit it for the default of the style or base");
    }
    if (!(identityStrength >= 0 && identityStrength <= 1)) {
      throw new IllegalArgumentException(
          "the identity strength must be in 0..1, got " + identityStrength);
    }
    styles = List.copyOf(styles);
  }

  /**
   * Requests headshots in one style, with default settings.
   *
   * @param style the style
   * @param count number of images, at least 1
   * @return the request
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public static ShootRequest of(Style style, int count) {
    return of(List.of(style), count);
  }

  /**
   * Requests headshots in several styles, with default settings.
   *
   * @param styles the styles, at least one
   * @param count number of images in each style, at least 1
   * @return the request
   * @throws IllegalArgumentException if there is no style, or {@code count} is below 1
   */
  public static ShootRequest of(List<Style> styles, int count) {
    return new ShootRequest(
        styles, count, 1, STEPS, OptionalDouble.empty(), OptionalInt.empty(), 0, 0);
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
    ImageRequest plain = ImageRequest.of(prompt).steps(steps).seed(seed);
    ImageRequest request = style.negative().isEmpty() ? plain : plain.negative(style.negative());
    OptionalDouble scale = guidance.isPresent() ? guidance : style.guidance();
    return scale.isPresent() ? request.guidance(scale.getAsDouble()) : request;
  }

  /**
   * The default guidance scale for a person: two thirds of the base's default, but never more than
   * 4.
   *
   * @param base the base model
   * @return the guidance scale
   */
  public static double guidance(BaseModel base) {
    return Math.min(MAX_GUIDANCE, GUIDANCE_SHARE * base.defaults().guidance());
  }

  /**
   * Returns a copy of this request with the given identity strength.
   *
   * @param value how strongly the person acts on the images, 0 (not at all) to 1 (as trained)
   * @return the new request
   */
  public ShootRequest identityStrength(double value) {
    return new ShootRequest(styles, count, value, steps, guidance, size, seed, variant);
  }

  /**
   * Returns the request with the steps of a base that is distilled to fewer steps than
   * {@link #STEPS}, and without guidance if such a base needs none. For other bases, the request
   * stays as it is.
   *
   * @param base the base model
   * @return the request for this base
   */
  public ShootRequest forBase(BaseModel base) {
    GenerationDefaults own = base.defaults();
    boolean isDistilled = base.recipe()
        .flatMap(CatalogueModel::kind)
        .filter(BaseKind::isDistilled)
        .isPresent();
    if (!isDistilled || own.steps() >= STEPS) {
      return this;
    }
    return own.guidance() > 1 ? steps(own.steps()) : steps(own.steps()).guidance(own.guidance());
  }

  /**
   * Returns a copy of this request with the given number of steps.
   *
   * @param n number of sampling steps, at least 1
   * @return the new request
   */
  public ShootRequest steps(int n) {
    return new ShootRequest(styles, count, identityStrength, n, guidance, size, seed, variant);
  }

  /**
   * Returns a copy of this request with the given guidance scale.
   *
   * @param scale guidance scale, from 0
   * @return the new request
   */
  public ShootRequest guidance(double scale) {
    return new ShootRequest(
        styles, count, identityStrength, steps, OptionalDouble.of(scale), size, seed, variant);
  }

  /**
   * Returns a copy of this request with the given size.
   *
   * @param pixels width and height in pixels, a multiple of 8 from 64 to 4096
   * @return the new request
   */
  public ShootRequest size(int pixels) {
    return new ShootRequest(
        styles, count, identityStrength, steps, guidance, OptionalInt.of(pixels), seed, variant);
  }

  /**
   * Returns a copy of this request with the given seed.
   *
   * @param value seed of the first image
   * @return the new request
   */
  public ShootRequest seed(long value) {
    return new ShootRequest(styles, count, identityStrength, steps, guidance, size, value, variant);
  }

  /**
   * Returns a copy of this request with the given combination of clothes, expression, light and
   * backdrop for the first image of each style. Use it for a later shoot of the same person.
   *
   * @param first index of the combination for the first image of each style, from 0
   * @return the new request
   */
  public ShootRequest variant(int first) {
    return new ShootRequest(styles, count, identityStrength, steps, guidance, size, seed, first);
  }
}
