package dev.likeness.diffusion.internal.training;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link AdamW} with moments of 8 bits: blocks of 256 numbers, each a multiple of its block's
 * largest (Dettmers et al. 2022, arXiv:2110.02861, section 2). Small parameters keep theirs in f32,
 * as the paper's section 2.3 has it.
 */
public final class AdamW8bit extends GradientSteps {
  private static final int SMALL = 4096;

  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;

  public AdamW8bit(double beta1, double beta2, double eps, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  @Override
  void move(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor first = read("first", name, parameter, DynamicCode.SIGNED);
    Tensor second = read("second", name, parameter, DynamicCode.UNSIGNED);
    first.lerp_(gradient, new Scalar(1 - beta1));
    second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(1 - beta2));
    double correction1 = 1 - Math.pow(beta1, steps());
    double correction2 = 1 - Math.pow(beta2, steps());
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    Tensor denominator =
        second.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(eps));
    parameter.addcdiv_(first, denominator, new Scalar(-learningRate / correction1));
    write("first", name, first, DynamicCode.SIGNED);
    write("second", name, second, DynamicCode.UNSIGNED);
  }

  private Tensor read(String kind, String name, Tensor like, DynamicCode code) {
    if (like.numel() < SMALL) {
      return state.get(kind, name, () -> torch.zeros_like(like));
    }
    Tensor codes = state.get(kind, name, () -> code.zeros(like));
    Tensor largest = state.get(kind + "-largest", name, () -> code.noScales(like));
    return code.decoded(codes, largest, like);
  }

  private void write(String kind, String name, Tensor value, DynamicCode code) {
    if (value.numel() >= SMALL) {
      code.encode(
          value,
          state.tensors().get(kind + "." + name),
          state.tensors().get(kind + "-largest." + name));
    }
  }
}
