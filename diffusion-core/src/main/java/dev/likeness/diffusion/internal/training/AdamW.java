package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2),
 * equal to {@code torch.optim.AdamW}. The state of a parameter is created at its first step.
 */
public class AdamW extends Optimizer.BaseOptimizer {
  final double beta1;
  final double beta2;
  final double eps;
  final double weightDecay;

  public AdamW(double beta1, double beta2, double eps, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  /** The defaults of {@code torch.optim.AdamW}: 0.9, 0.999, 1e-8, 0.01. */
  public static AdamW standard() {
    return new AdamW(0.9, 0.999, 1e-8, 0.01);
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor first = state.get("first", name, () -> torch.zeros_like(parameter));
    Tensor second = state.get("second", name, () -> torch.zeros_like(parameter));
    double correction1 = 1 - Math.pow(beta1, steps());
    double correction2 = 1 - Math.pow(beta2, steps());
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    first.lerp_(gradient, new Scalar(1 - beta1));
    second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(1 - beta2));
    Tensor denominator =
        second.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(eps));
    parameter.addcdiv_(first, denominator, new Scalar(-learningRate / correction1));
  }

  /**
   * Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682, algorithm 1), equal to
   * {@code schedulefree.AdamWScheduleFree}. Parameters hold the points y, at which gradients are
   * computed. The state holds the points z of the base optimiser. The weights to evaluate and save
   * are x, an average of z: {@link #evaluated}. Use a constant learning rate after the warmup; a
   * step with a smaller rate has a smaller part in the average.
   */
  public static final class ScheduleFree extends AdamW {
    private double part;

    public ScheduleFree(double beta1, double beta2, double eps, double weightDecay) {
      super(beta1, beta2, eps, weightDecay);
    }

    @Override
    void prepare(Map<String, Tensor> parameters, double learningRate) {
      Tensor largest = scalar("largest rate");
      Tensor sum = scalar("sum of weights");
      double rate = Math.max(learningRate, largest.item_double());
      double weight = rate * rate;
      double all = sum.item_double() + weight;
      largest.fill_(new Scalar(rate));
      sum.fill_(new Scalar(all));
      part = all == 0 ? 0 : weight / all;
    }

    @Override
    void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
      Tensor z = state.get("z", name, () -> parameter.detach().clone());
      Tensor second = state.get("second", name, () -> torch.zeros_like(parameter));
      second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(1 - beta2));
      Tensor denominator =
          second.div(new Scalar(1 - Math.pow(beta2, steps()))).sqrt_().add_(new Scalar(eps));
      Tensor direction = gradient.div(denominator).add_(parameter, new Scalar(weightDecay));
      parameter.lerp_(z, new Scalar(part));
      parameter.add_(direction, new Scalar(learningRate * (beta1 * (1 - part) - 1)));
      z.sub_(direction, new Scalar(learningRate));
    }

    @Override
    public Tensor evaluated(String name, Tensor parameter) {
      Tensor z = state.tensors().get("z." + name);
      if (z == null) {
        return parameter;
      }
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        return scope.promote(parameter
            .detach()
            .to(ScalarType.Float)
            .lerp(z, new Scalar(1 - 1 / beta1))
            .to(parameter.scalar_type()));
      }
    }

    private Tensor scalar(String name) {
      return state.get(
          "scalar",
          name,
          () -> torch.full(new long[0], new Scalar(0.0), new TensorOptions(ScalarType.Double)));
    }
  }
}
