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

/** The length of all gradients as one vector. */
public final class GradientClipping {
  private GradientClipping() {}

  /**
   * Shortens the gradients of {@code parameters} together to at most {@code longest} (Pascanu et
   * al. 2013, arXiv:1211.5063, algorithm 1), as {@code torch.nn.utils.clip_grad_norm_} does.
   *
   * @return their length before
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
      // Asked for once, not for each: a graphics card's queue is waited for every time.
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
   * The sum of a gradient's squares; what it is made of goes at once, which of a whole network's is
   * as large as that.
   */
  private static Tensor squares(Tensor gradient) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.promote(gradient.to(ScalarType.Float).square().sum().to(ScalarType.Double));
    }
  }

  /**
   * Ends a training whose numbers are none any more, before weights, moments or a file come to hold
   * them: each later step would.
   */
  public static final class FiniteNumbers {
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

    /**
     * The same of all {@code weights}: of sound gradients, too, a step may be too long for them.
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
