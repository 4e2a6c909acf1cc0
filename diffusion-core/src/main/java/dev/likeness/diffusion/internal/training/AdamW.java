package dev.likeness.diffusion.internal.training;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2),
 * equal to {@code torch.optim.AdamW}. The state of a parameter is created at its first step.
 */
public class AdamW extends Optimizer.BaseOptimizer {
  private final double beta1;
  private final double beta2;
  private final double eps;
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
}
