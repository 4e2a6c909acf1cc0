package dev.likeness.diffusion.request;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Options of guidance (scale, formula and interval), and of FreeU.
 *
 * @param scale the guidance scale; empty for the default. Guidance is off at 1 and below; on
 *     Z-Image, at 0 and below. FLUX.1 and latent consistency models get the scale as a network
 *     input and cannot turn guidance off. FLUX.1 schnell and distilled FLUX.2 klein ignore the
 *     scale
 * @param rescale the amount of guidance rescale, 0..1 (Lin et al. 2024, arXiv:2305.08891;
 *     diffusers' {@code guidance_rescale}). At 1, the guided prediction gets the standard deviation
 *     of the prediction for the prompt; 0 turns rescale off
 * @param start the share of the steps after which guidance starts, 0..1
 * @param end the share of the steps after which guidance ends, {@code start}..1
 * @param sequential true if prompt and negative prompt are evaluated one after the other, which
 *     needs less memory
 * @param formula the formula that combines the predictions for prompt and negative prompt
 * @param degradedGuidance additional guidance by a degraded network; empty if there is none
 * @param trueCfgScale the scale of classifier-free guidance for FLUX.1, where {@code scale} is only
 *     a network input (diffusers' {@code true_cfg_scale}); 1 turns classifier-free guidance off
 * @param freeU the factors of FreeU for the UNet of Stable Diffusion 1.x, 2.x or XL; empty if FreeU
 *     is off
 */
public record GuidanceOptions(
    OptionalDouble scale,
    double rescale,
    double start,
    double end,
    boolean sequential,
    GuidanceFormula formula,
    Optional<DegradedGuidance> degradedGuidance,
    double trueCfgScale,
    Optional<FreeU> freeU) {
  /**
   * Classifier-free guidance with the default scale in every step. Prompt and negative prompt are
   * evaluated in one batch.
   */
  public static final GuidanceOptions DEFAULT = new GuidanceOptions(
      OptionalDouble.empty(),
      0,
      0,
      1,
      false,
      GuidanceFormula.CLASSIFIER_FREE,
      Optional.empty(),
      1,
      Optional.empty());

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if {@code rescale} is not in 0..1, if {@code 0 <= start <= end
   *     <= 1} does not hold, or if a scale is NaN, infinite or beyond 3.4e38
   */
  public GuidanceOptions {
    scale.ifPresent(value -> requireFloat("the guidance scale", value));
    requireFloat("the true CFG scale", trueCfgScale);
    if (!(rescale >= 0 && rescale <= 1)) {
      throw new IllegalArgumentException("guidance rescale must be in 0..1, got " + rescale);
    }
    if (!(start >= 0 && start <= end && end <= 1)) {
      throw new IllegalArgumentException(
          "start and end of guidance must be in 0..1 and in this order, got " + start + " and "
              + end);
    }
  }

  /** Refuses a number that f32, in which networks compute, cannot hold. */
  static void requireFloat(String what, double value) {
    if (!Float.isFinite((float) value)) {
      throw new IllegalArgumentException(
          what + " must be a number from -3.4e38 to 3.4e38, got " + value);
    }
  }

  /**
   * {@return a copy of these options with the given guidance scale}
   *
   * @param value the guidance scale; see {@link #scale()}
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  public GuidanceOptions scale(double value) {
    return new GuidanceOptions(
        OptionalDouble.of(value),
        rescale,
        start,
        end,
        sequential,
        formula,
        degradedGuidance,
        trueCfgScale,
        freeU);
  }

  /**
   * {@return a copy of these options with the given guidance rescale}
   *
   * @param share the amount, 0..1. At 1, the guided prediction gets the standard deviation of the
   *     prediction for the prompt; 0 turns rescale off
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public GuidanceOptions rescale(double share) {
    return new GuidanceOptions(
        scale, share, start, end, sequential, formula, degradedGuidance, trueCfgScale, freeU);
  }

  /**
   * {@return these options limited to an interval of the steps}
   *
   * @param start the share of the steps after which guidance starts, 0..1
   * @param end the share of the steps after which guidance ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  public GuidanceOptions between(double start, double end) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, degradedGuidance, trueCfgScale, freeU);
  }

  /** {@return these options with prompt and negative prompt evaluated one after the other} */
  public GuidanceOptions sequentially() {
    return new GuidanceOptions(
        scale, rescale, start, end, true, formula, degradedGuidance, trueCfgScale, freeU);
  }

  /**
   * {@return these options with CFG-Zero* (Fan et al. 2025, arXiv:2503.18886)}
   *
   * @param steps how many rows at the start of the sampling plan get a prediction of zero, at least
   *     0
   * @throws IllegalArgumentException if the number is negative
   */
  public GuidanceOptions cfgZeroStar(int steps) {
    return formula(new GuidanceFormula.CfgZeroStar(steps));
  }

  /**
   * {@return these options with adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416,
   * algorithm 1)} It changes the difference of the predictions for prompt and negative prompt.
   *
   * @param eta the factor, 0..1, for one part of the difference: the part parallel to the
   *     prediction for the prompt. 1 keeps this part
   * @param momentum the weight of earlier steps' differences, usually negative; 0 turns momentum
   *     off
   * @param limit the largest norm of the difference, at least 0; 0 means no limit
   * @throws IllegalArgumentException if a number is out of its range
   */
  public GuidanceOptions adaptiveProjectedGuidance(double eta, double momentum, double limit) {
    return formula(new GuidanceFormula.AdaptiveProjected(eta, momentum, limit));
  }

  /**
   * {@return these options with a limit on the norm of the guided prediction}
   *
   * @param factor the limit, divided by the norm of the prediction for the prompt; above 0
   * @throws IllegalArgumentException if the factor is not above 0
   */
  public GuidanceOptions cfgNormalization(double factor) {
    return formula(new GuidanceFormula.CfgNormalization(formula, factor));
  }

  /**
   * {@return a copy of these options with the given formula}
   *
   * @param other the formula that combines the predictions for prompt and negative prompt
   */
  public GuidanceOptions formula(GuidanceFormula other) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, other, degradedGuidance, trueCfgScale, freeU);
  }

  /**
   * {@return these options with additional guidance by a degraded network}
   *
   * @param worse the degraded guidance
   */
  public GuidanceOptions degradedGuidance(DegradedGuidance worse) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, Optional.of(worse), trueCfgScale, freeU);
  }

  /**
   * {@return these options with classifier-free guidance for FLUX.1, in addition to its guidance
   * embedding}
   *
   * @param value the scale (diffusers' {@code true_cfg_scale}); 1 turns classifier-free guidance
   *     off
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  public GuidanceOptions trueCfgScale(double value) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, degradedGuidance, value, freeU);
  }

  /**
   * {@return these options with FreeU turned on, at the given factors} Only Stable Diffusion 1.x,
   * 2.x and XL support FreeU.
   *
   * @param factors the factors of FreeU
   */
  public GuidanceOptions freeU(FreeU factors) {
    return new GuidanceOptions(
        scale,
        rescale,
        start,
        end,
        sequential,
        formula,
        degradedGuidance,
        trueCfgScale,
        Optional.of(factors));
  }

  /**
   * FreeU: stronger backbone features and weaker low frequencies of skip connections in a UNet's
   * first two up blocks. FreeU needs no additional network call.
   *
   * <p>Source: Si et al. 2023, arXiv:2309.11497; diffusers' {@code enable_freeu} and
   * {@code apply_freeu}. Usual values of {@code s1, s2, b1, b2} are 0.9, 0.2, 1.5, 1.6 for Stable
   * Diffusion 1.x; 0.9, 0.2, 1.4, 1.6 for 2.x; 0.9, 0.2, 1.3, 1.4 for XL.
   *
   * @param s1 the factor for the lowest frequencies in the first up block's skip connections, above
   *     0; 1 changes nothing
   * @param s2 like {@code s1}, for the second up block
   * @param b1 the factor for the first half of the channels in the first up block, above 0; 1
   *     changes nothing
   * @param b2 like {@code b1}, for the second up block
   */
  public record FreeU(double s1, double s2, double b1, double b2) {
    /**
     * Checks the factors.
     *
     * @throws IllegalArgumentException if a factor is NaN, not above 0, or above 3.4e38
     */
    public FreeU {
      for (double factor : new double[] {s1, s2, b1, b2}) {
        if (!(factor > 0 && factor <= Float.MAX_VALUE)) {
          throw new IllegalArgumentException(
              "FreeU needs four factors above 0 and at most 3.4e38 (s1, s2, b1, b2), got " + s1
                  + ", " + s2 + ", " + b1 + ", " + b2);
        }
      }
    }
  }

  /** {@return true if guidance is not limited to an interval of the steps} */
  public boolean isAlwaysOn() {
    return start == 0 && end == 1;
  }
}
