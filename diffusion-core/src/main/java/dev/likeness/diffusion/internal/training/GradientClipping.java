package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collection;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Gradient clipping by the norm of all gradients together. */
public final class GradientClipping {
  private GradientClipping() {}

  /**
   * Scales the gradients of {@code parameters} so that their common norm is at most {@code longest}
   * (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1), as {@code torch.nn.utils.clip_grad_norm_}
   * does.
   *
   * @return the norm before clipping
   */
  public static double clip(Collection<Tensor> parameters, double longest) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TensorVector squares = new TensorVector();
      for (Tensor parameter : parameters) {
        if (parameter.grad().defined()) {
          squares.push_back(squares(parameter.grad()));
        }
      }
      // Reads the norm once for all gradients, because each read waits for the GPU's queue.
      double norm =
          squares.empty() ? 0 : Math.sqrt(torch.stack(squares, 0).sum().item_double());
      double factor = longest / (norm + 1e-6);
      if (factor < 1) {
        parameters.stream()
            .map(Tensor::grad)
            .filter(Tensor::defined)
            .forEach(g -> g.mul_(new Scalar(factor)));
      }
      return norm;
    }
  }

  /**
   * Returns the sum of a gradient's squares. Intermediate tensors are freed at once, because they
   * are as large as the gradient.
   */
  private static Tensor squares(Tensor gradient) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.promote(gradient.to(ScalarType.Float).square().sum().to(ScalarType.Double));
    }
  }

  /**
   * Stops a training whose loss or weights are not finite, before these values reach the weights,
   * the moments or a file.
   */
  public static final class FiniteNumbers {
    private FiniteNumbers() {}

    /**
     * Refuses a value that is infinite or NaN.
     *
     * @param what the name of the value, with which the message begins
     * @param steps the number of steps so far
     * @param advice the advice to the user, with which the message ends
     * @throws InvalidInputException if the value is not finite
     */
    public static void require(String what, double value, long steps, String advice) {
      if (!Double.isFinite(value)) {
        throw new InvalidInputException(
            what + " is " + value + " (completed steps: " + steps + "); " + advice);
      }
    }

    /**
     * Refuses weights that are not finite: a step may be too long even if the gradients are finite.
     */
    public static void require(Collection<Tensor> weights, long steps, String advice) {
      for (Tensor weight : weights) {
        try (TensorScope scope = TensorScope.open()) {
          require("the largest weight", weight.detach().abs().max().item_double(), steps, advice);
        }
      }
    }
  }
}
