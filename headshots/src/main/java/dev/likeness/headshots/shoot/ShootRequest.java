package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.Style;
import java.util.List;

/**
 * How many headshots to generate, in which styles and how. Immutable.
 *
 * @param styles in which styles
 * @param count how many images in each style
 * @param likeness identity strength, 0 (none) to 1 (as trained)
 * @param steps sampling steps
 * @param guidance how strictly to follow the style, or NaN for as the style says, and else two
 *     thirds of what the base itself takes, at most 4
 * @param size width and height in pixels, a multiple of 8 from 64 to 4096, or 0 for the base's own;
 *     above half as large again as that, images are drawn at the base's size and enlarged by
 *     drawing over them
 * @param seed image i of the shoot draws its noise from {@code seed + i}
 * @param variant which combination of a style's clothes, expressions, lights and backdrops its
 *     first image shows, from 0
 */
public record ShootRequest(
    List<Style> styles,
    int count,
    double likeness,
    int steps,
    double guidance,
    int size,
    long seed,
    int variant) {
  /**
   * Sampling steps unless said; with ten more, {@code portrait}'s images are no more like the
   * person and follow no better.
   */
  public static final int STEPS = 20;

  private static final int MIN_SIZE = 64;

  /** The longest side of an image, in pixels. */
  public static final int MAX_SIZE = 4096;
  // What autoencoders make of one latent.
  private static final int SIZE_MULTIPLE = 8;
  // Less than for free drawing: guidance pulls towards the words and away from the person.
  private static final double MAX_GUIDANCE = 4;
  private static final double GUIDANCE_SHARE = 2.0 / 3;

  public ShootRequest {
    if (styles.isEmpty() || count < 1 || steps < 1 || size < 0 || variant < 0) {
      throw new IllegalArgumentException(
          "a shoot needs a style, at least 1 image and 1 step, and no negative size or variant: "
              + "given " + styles.size() + " styles, count " + count + ", steps " + steps
              + ", size " + size + ", variant " + variant);
    }
    if (variant > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException(
          "variant " + variant + " and " + count + " images are more than " + Integer.MAX_VALUE);
    }
    if (size != 0 && (size < MIN_SIZE || size > MAX_SIZE || size % SIZE_MULTIPLE != 0)) {
      throw new IllegalArgumentException(
          "size " + size + " is no multiple of " + SIZE_MULTIPLE + " from " + MIN_SIZE + " to "
              + MAX_SIZE + "; choose one that is, or 0 for the base's own");
    }
    if (guidance < 0 || Double.isInfinite(guidance)) {
      throw new IllegalArgumentException(
          "guidance " + guidance + " is no number from 0; leave it out for the base's own");
    }
    if (!(likeness >= 0 && likeness <= 1)) {
      throw new IllegalArgumentException("likeness " + likeness + " is outside 0..1");
    }
    styles = List.copyOf(styles);
  }

  /** {@code count} headshots in one style, everything else by default. */
  public static ShootRequest of(Style style, int count) {
    return new ShootRequest(List.of(style), count, 1, STEPS, Double.NaN, 0, 0, 0);
  }

  /** {@code count} headshots in each of these styles, everything else by default. */
  public static ShootRequest of(List<Style> styles, int count) {
    return new ShootRequest(styles, count, 1, STEPS, Double.NaN, 0, 0, 0);
  }

  /** What the base is asked for one image, before size and person. */
  public ImageRequest imageRequest(String prompt, Style style) {
    return ImageRequest.of(prompt)
        .negative(style.negative())
        .steps(steps)
        .guidance(Double.isNaN(guidance) ? style.guidance() : guidance)
        .seed(seed);
  }

  /** How strictly words are followed when {@code base} draws a person. */
  public static double guidance(BaseModel base) {
    return Math.min(MAX_GUIDANCE, GUIDANCE_SHARE * base.defaults().guidance());
  }

  public ShootRequest likeness(double value) {
    return new ShootRequest(styles, count, value, steps, guidance, size, seed, variant);
  }

  public ShootRequest steps(int n) {
    return new ShootRequest(styles, count, likeness, n, guidance, size, seed, variant);
  }

  public ShootRequest guidance(double scale) {
    return new ShootRequest(styles, count, likeness, steps, scale, size, seed, variant);
  }

  public ShootRequest size(int pixels) {
    return new ShootRequest(styles, count, likeness, steps, guidance, pixels, seed, variant);
  }

  public ShootRequest seed(long value) {
    return new ShootRequest(styles, count, likeness, steps, guidance, size, value, variant);
  }

  /**
   * The same whose styles begin with another of their combinations, as a later shoot of the same
   * person wants it.
   */
  public ShootRequest variant(int first) {
    return new ShootRequest(styles, count, likeness, steps, guidance, size, seed, first);
  }
}
