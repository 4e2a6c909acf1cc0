package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collection;
import org.bytedeco.pytorch.Tensor;

/**
 * Ends a training whose numbers are none any more, before weights, moments or a file come to hold
 * them: each later step would.
 */
public final class FiniteNumbers {
  private FiniteNumbers() {}

  /**
   * Refuses an infinite number, or one that is none.
   *
   * @param what it is, as the refusal begins
   * @param steps that were taken
   * @param advice what to do, as the refusal ends
   * @throws InvalidInputException naming all of it
   */
  public static void require(String what, double value, long steps, String advice) {
    if (!Double.isFinite(value)) {
      throw new InvalidInputException(
          what + " is " + value + " after " + steps + " steps; " + advice);
    }
  }

  /** The same of all {@code weights}: of sound gradients, too, a step may be too long for them. */
  public static void require(Collection<Tensor> weights, long steps, String advice) {
    for (Tensor weight : weights) {
      try (TensorScope scope = TensorScope.open()) {
        require("the largest weight", weight.detach().abs().max().item_double(), steps, advice);
      }
    }
  }
}
