package dev.likeness.diffusion.training;

import dev.likeness.diffusion.tensor.TensorScope;
import java.util.Collection;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The length of all gradients as one vector. */
public final class GradientNorm {
  private GradientNorm() {}

  /**
   * Shortens the gradients of {@code parameters} together to at most {@code longest} (Pascanu et al. 2013,
   * arXiv:1211.5063, algorithm 1), as {@code torch.nn.utils.clip_grad_norm_} does.
   *
   * @return their length before
   */
  public static double clip(Collection<Tensor> parameters, double longest) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      double squares = 0;
      for (Tensor parameter : parameters) {
        squares += squares(parameter);
      }
      double norm = Math.sqrt(squares);
      double factor = longest / (norm + 1e-6);
      if (factor < 1) {
        parameters.stream().map(Tensor::grad).filter(Tensor::defined).forEach(g -> g.mul_(new Scalar(factor)));
      }
      return norm;
    }
  }

  /** The sum of a gradient's squares; what it is made of goes at once, which of a whole network's is as large as that. */
  private static double squares(Tensor parameter) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor gradient = parameter.grad();
      return gradient.defined() ? gradient.to(ScalarType.Float).square().sum().item_double() : 0;
    }
  }
}
