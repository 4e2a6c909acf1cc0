package dev.likeness.diffusion.internal.adapter;

import java.math.BigInteger;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that a ControlNet attends to in place of the prompts' tokens, such as the identity
 * tokens of InstantID (Wang et al. 2024, arXiv:2401.07519, section 3.3).
 *
 * @param unconditional for the prediction with the negative prompt, [1, tokens, width]; null if the
 *     ControlNet acts on the prediction with the prompt alone
 * @param conditional for the prediction with the prompt, of the same shape
 * @param guidance the guidance scale of a ControlNet with a guidance embedding; empty if it takes
 *     the scale of the request
 */
public record ControlTokens(
    @Nullable Tensor unconditional, Tensor conditional, OptionalDouble guidance) {
  /** Tokens of a ControlNet that acts on both predictions. */
  public ControlTokens(Tensor unconditional, Tensor conditional) {
    this(unconditional, conditional, OptionalDouble.empty());
  }

  /** Tokens of a ControlNet that acts on the prediction with the prompt alone. */
  public static ControlTokens ofPromptAlone(Tensor conditional, double guidance) {
    return new ControlTokens(null, conditional, OptionalDouble.of(guidance));
  }

  /**
   * Returns tokens of two numbers as many times as gives equal numbers. Attention to tokens that
   * are all repeated equals attention to them once.
   */
  public static ControlTokens ofSameLength(Tensor unconditional, Tensor conditional) {
    long own = unconditional.size(1);
    long other = conditional.size(1);
    long common = BigInteger.valueOf(own).gcd(BigInteger.valueOf(other)).longValue();
    return new ControlTokens(
        unconditional.repeat(1, other / common, 1), conditional.repeat(1, own / common, 1));
  }
}
