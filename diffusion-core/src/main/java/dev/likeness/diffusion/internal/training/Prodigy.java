package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Prodigy: AdamW that estimates its own step size from the distance between weights and initial
 * weights (Mishchenko and Defazio 2024, arXiv:2306.06101, algorithm 4). Use a learning rate of 1.
 * Equal to the authors' {@code prodigyopt.Prodigy} with decoupled decay.
 */
public final class Prodigy extends Optimizer.BaseOptimizer {
  /** The first estimate of the distance (prodigyopt: {@code d0}). */
  private static final double FIRST_DISTANCE = 1e-6;

  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;
  private double step;

  public Prodigy(double beta1, double beta2, double eps, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  @Override
  void prepare(Map<String, Tensor> parameters, double learningRate) {
    double d = scalar("distance", FIRST_DISTANCE);
    double numerator = scalar("numerator", 0) * Math.sqrt(beta2);
    double denominator = 0;
    step = d * learningRate;
    for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
      // Temporary tensors of one weight are freed before the next: they are as large as the weight.
      try (TensorScope scope = TensorScope.open()) {
        Tensor gradient = entry.getValue().grad();
        if (gradient.defined()) {
          numerator +=
              d / FIRST_DISTANCE * step * distanceTerm(entry.getKey(), entry.getValue(), gradient);
          denominator += average(entry.getKey(), gradient, d);
        }
      }
    }
    if (denominator > 0 && learningRate > 0) {
      set("distance", Math.max(d, numerator / denominator));
    }
    set("numerator", numerator);
  }

  /**
   * Returns the gradient's product with the distance from the initial weights, which grows the
   * estimated step size.
   */
  private double distanceTerm(String name, Tensor parameter, Tensor gradient) {
    Tensor start = state.get("start", name, () -> parameter.detach().clone());
    return gradient.flatten().dot(start.sub(parameter).flatten()).item_double();
  }

  /** Adds the gradient to the moving averages and returns the norm of the third. */
  private double average(String name, Tensor gradient, double d) {
    Tensor first = state.get("first", name, () -> torch.zeros_like(gradient));
    Tensor second = state.get("second", name, () -> torch.zeros_like(gradient));
    Tensor third = state.get("third", name, () -> torch.zeros_like(gradient));
    first.mul_(new Scalar(beta1)).add_(gradient, new Scalar(d * (1 - beta1)));
    second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(d * d * (1 - beta2)));
    third.mul_(new Scalar(Math.sqrt(beta2))).add_(gradient, new Scalar(d / FIRST_DISTANCE * step));
    return third.abs().sum().item_double();
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor first = state.tensors().get("first." + name);
    Tensor second = state.tensors().get("second." + name);
    Tensor denominator = second.sqrt().add_(new Scalar(scalar("distance", FIRST_DISTANCE) * eps));
    parameter.mul_(new Scalar(1 - step * weightDecay));
    parameter.addcdiv_(first, denominator, new Scalar(-step));
  }

  private double scalar(String name, double initial) {
    return value(name, initial).item_double();
  }

  private void set(String name, double value) {
    value(name, value).fill_(new Scalar(value));
  }

  private Tensor value(String name, double initial) {
    return state.get(
        "scalar",
        name,
        () -> torch.full(
            new long[0], new Scalar(initial), new TensorOptions(torch.ScalarType.Double)));
  }
}
