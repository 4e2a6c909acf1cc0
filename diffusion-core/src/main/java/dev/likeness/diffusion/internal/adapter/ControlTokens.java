package dev.likeness.diffusion.internal.adapter;

import java.math.BigInteger;
import org.bytedeco.pytorch.Tensor;

/**
 * The tokens that a ControlNet attends to in place of the prompts' tokens, such as the identity
 * tokens of InstantID (Wang et al. 2024, arXiv:2401.07519, section 3.3).
 *
 * @param unconditional for the prediction with the negative prompt, [1, tokens, width]
 * @param conditional for the prediction with the prompt, of the same shape
 */
public record ControlTokens(Tensor unconditional, Tensor conditional) {
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
