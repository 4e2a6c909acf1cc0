package dev.likeness.diffusion.internal.training;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Lion: each step has the same size and follows the sign of a moving average of gradients (Chen et
 * al. 2023, arXiv:2302.06675, program 1).
 */
public final class Lion extends Optimizer.BaseOptimizer {
  private final double beta1;
  private final double beta2;
  private final double weightDecay;

  public Lion(double beta1, double beta2, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.weightDecay = weightDecay;
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor average = state.get("first", name, () -> torch.zeros_like(parameter));
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    parameter.sub_(average.lerp(gradient, new Scalar(1 - beta1)).sign(), new Scalar(learningRate));
    average.lerp_(gradient, new Scalar(1 - beta2));
  }
}
