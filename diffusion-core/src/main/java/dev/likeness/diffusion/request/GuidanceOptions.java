package dev.likeness.diffusion.request;

/**
 * Guidance of a request: scale, formula, interval.
 *
 * @param scale guidance scale, or NaN for the default; 1 and below turn guidance off, on Z-Image 0
 *     and below. FLUX.1 and latent consistency models are conditioned on it and cannot turn it off
 * @param rescale how far the guided prediction's standard deviation is brought back to the unguided
 *     one's, 0..1 (Lin et al. 2024, arXiv:2305.08891; diffusers' {@code guidance_rescale})
 * @param start the share of the steps at which guidance begins, 0..1
 * @param end the share at which it ends
 * @param sequential whether the prompts are evaluated one after the other, which halves the memory
 * @param formula how the two predictions are combined
 * @param degradedGuidance degraded guidance beside it, or null
 * @param trueCfgScale the scale of guidance by two prompts in a network that has guidance of its
 *     own (FLUX), where {@code scale} is the network's: diffusers' {@code true_cfg_scale}; 1 for
 *     none
 */
public record GuidanceOptions(
    double scale,
    double rescale,
    double start,
    double end,
    boolean sequential,
    GuidanceFormula formula,
    DegradedGuidance degradedGuidance,
    double trueCfgScale) {
  /** Classifier-free guidance of the default scale in every step, in one pass. */
  public static final GuidanceOptions DEFAULT =
      new GuidanceOptions(Double.NaN, 0, 0, 1, false, GuidanceFormula.CLASSIFIER_FREE, null, 1);

  public GuidanceOptions {
    if (!(rescale >= 0 && rescale <= 1)) {
      throw new IllegalArgumentException("guidance rescale must be in 0..1, got " + rescale);
    }
    if (!(start >= 0 && start <= end && end <= 1)) {
      throw new IllegalArgumentException(
          "guidance must begin and end in 0..1, got " + start + " to " + end);
    }
  }

  public GuidanceOptions scale(double value) {
    return new GuidanceOptions(
        value, rescale, start, end, sequential, formula, degradedGuidance, trueCfgScale);
  }

  public GuidanceOptions rescale(double share) {
    return new GuidanceOptions(
        scale, share, start, end, sequential, formula, degradedGuidance, trueCfgScale);
  }

  /** Guided between two shares of the steps only. */
  public GuidanceOptions between(double start, double end) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, degradedGuidance, trueCfgScale);
  }

  /** One prompt after the other. */
  public GuidanceOptions sequentially() {
    return new GuidanceOptions(
        scale, rescale, start, end, true, formula, degradedGuidance, trueCfgScale);
  }

  /** By CFG-Zero*, whose first {@code steps} predict zero (Fan et al. 2025, arXiv:2503.18886). */
  public GuidanceOptions cfgZeroStar(int steps) {
    return formula(new GuidanceFormula.CfgZeroStar(steps));
  }

  /**
   * By adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1).
   *
   * @param eta how much of the part along the prediction stays, 1 for all
   * @param momentum how much of the earlier differences is added, mostly negative; 0 for none
   * @param limit the largest length of the difference, 0 for any
   */
  public GuidanceOptions adaptiveProjectedGuidance(double eta, double momentum, double limit) {
    return formula(new GuidanceFormula.AdaptiveProjected(eta, momentum, limit));
  }

  /** With a guided prediction at most {@code factor} times as long as the unguided one. */
  public GuidanceOptions cfgNormalization(double factor) {
    return formula(new GuidanceFormula.CfgNormalization(formula, factor));
  }

  /** Combined by another formula. */
  public GuidanceOptions formula(GuidanceFormula other) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, other, degradedGuidance, trueCfgScale);
  }

  /** With degraded guidance too. */
  public GuidanceOptions degradedGuidance(DegradedGuidance worse) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, worse, trueCfgScale);
  }

  /**
   * With guidance by two prompts over the guidance that FLUX has of its own:
   * {@code true_cfg_scale}.
   */
  public GuidanceOptions trueCfgScale(double value) {
    return new GuidanceOptions(
        scale, rescale, start, end, sequential, formula, degradedGuidance, value);
  }

  /** Whether guidance is on in every step. */
  public boolean isAlwaysOn() {
    return start == 0 && end == 1;
  }
}
