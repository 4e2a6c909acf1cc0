package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.sampling.GuidanceRule;
import java.util.function.DoubleFunction;

/**
 * How guidance works beyond its scale.
 *
 * @param rescale how far the answer's spread is brought back, 0..1; see
 *     {@link GuidanceRule.Rescaled}
 * @param from the share of the run at which guidance begins, 0..1
 * @param until the share at which it ends
 * @param sequential whether the prompts are asked one after the other, which halves the memory
 * @param rule the rule of a scale, made anew for each run, e.g. {@code scale -> new ZeroStar(scale,
 *     1)}
 * @param weakening what else the answer is driven away from, or null
 * @param trueCfg the scale of guidance by two prompts in a network that has guidance of its own
 *     (FLUX), where {@code ImageRequest.guidance} is the network's: diffusers'
 *     {@code true_cfg_scale}; 1 for none
 */
public record GuidanceOptions(
    double rescale,
    double from,
    double until,
    boolean sequential,
    DoubleFunction<GuidanceRule> rule,
    DegradedGuidance weakening,
    double trueCfg) {
  /** Classifier-free guidance all the way, in one pass. */
  public static final GuidanceOptions STANDARD =
      new GuidanceOptions(0, 0, 1, false, GuidanceRule.ClassifierFree::new, null, 1);

  public GuidanceOptions {
    if (!(rescale >= 0 && rescale <= 1)) {
      throw new IllegalArgumentException("guidance rescale must be in 0..1, got " + rescale);
    }
    if (!(from >= 0 && from <= until && until <= 1)) {
      throw new IllegalArgumentException(
          "guidance must begin and end in 0..1, got " + from + " to " + until);
    }
  }

  public GuidanceOptions rescale(double share) {
    return new GuidanceOptions(share, from, until, sequential, rule, weakening, trueCfg);
  }

  /** Guided between two shares of the run only. */
  public GuidanceOptions between(double start, double end) {
    return new GuidanceOptions(rescale, start, end, sequential, rule, weakening, trueCfg);
  }

  /** One prompt after the other. */
  public GuidanceOptions inTurns() {
    return new GuidanceOptions(rescale, from, until, true, rule, weakening, trueCfg);
  }

  /** Combined by another rule. */
  public GuidanceOptions by(DoubleFunction<GuidanceRule> other) {
    return new GuidanceOptions(rescale, from, until, sequential, other, weakening, trueCfg);
  }

  /** Driven away from the answer of a weakened network too. */
  public GuidanceOptions away(DegradedGuidance worse) {
    return new GuidanceOptions(rescale, from, until, sequential, rule, worse, trueCfg);
  }

  /**
   * With guidance by two prompts over the guidance that FLUX has of its own:
   * {@code true_cfg_scale}.
   */
  public GuidanceOptions trueCfg(double scale) {
    return new GuidanceOptions(rescale, from, until, sequential, rule, weakening, scale);
  }

  public boolean throughout() {
    return from == 0 && until == 1;
  }

  public GuidanceRule ruleOf(double scale) {
    GuidanceRule plain = scale > 1 ? rule.apply(scale) : (answers, step) -> answers.positive();
    GuidanceRule away = weakening == null ? plain : new GuidanceRule.Strengthened(plain, weakening);
    return rescale == 0 || scale <= 1 ? away : new GuidanceRule.Rescaled(away, rescale);
  }
}
