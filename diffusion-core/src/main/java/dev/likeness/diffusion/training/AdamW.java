package dev.likeness.diffusion.training;

import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2), equal to
 * {@code torch.optim.AdamW}. State is made at a parameter's first step. One thread.
 */
public final class AdamW implements Optimizer {
  /** The moments of one parameter. */
  public record Moments(Tensor first, Tensor second) { }

  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Moments> state = new LinkedHashMap<>();
  private long steps;

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
  public void step(Map<String, Tensor> parameters, double learningRate) {
    steps++;
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      parameters.forEach((name, parameter) -> {
        Tensor gradient = parameter.grad();
        if (gradient.defined()) {
          move(parameter, gradient, moments(name, parameter), learningRate);
          gradient.zero_();
        }
      });
    }
  }

  private void move(Tensor parameter, Tensor gradient, Moments m, double learningRate) {
    double correction1 = 1 - Math.pow(beta1, steps);
    double correction2 = 1 - Math.pow(beta2, steps);
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    m.first.lerp_(gradient, new Scalar(1 - beta1));
    m.second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(1 - beta2));
    Tensor denominator = m.second.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(eps));
    parameter.addcdiv_(m.first, denominator, new Scalar(-learningRate / correction1));
  }

  private Moments moments(String name, Tensor parameter) {
    return state.computeIfAbsent(name, n -> new Moments(
        region.keep(torch.zeros_like(parameter)), region.keep(torch.zeros_like(parameter))));
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    state.forEach((name, m) -> {
      named.put("first." + name, m.first());
      named.put("second." + name, m.second());
    });
    return named;
  }

  @Override
  public void resume(long stepsTaken, Map<String, Tensor> saved) {
    Map<String, Moments> moments = new LinkedHashMap<>();
    saved.forEach((name, tensor) -> {
      if (name.startsWith("first.")) {
        String parameter = name.substring("first.".length());
        moments.put(parameter, new Moments(tensor, saved.get("second." + parameter)));
      }
    });
    restore(stepsTaken, moments);
  }

  /** The moments so far, by parameter. */
  public Map<String, Moments> state() {
    return state;
  }

  /** Goes on from a checkpoint: copies of its moments, and how many steps they have seen. */
  public void restore(long stepsTaken, Map<String, Moments> moments) {
    steps = stepsTaken;
    try (TensorScope scope = TensorScope.open()) {
      moments.forEach((name, m) -> state.put(name, new Moments(region.keep(m.first.clone()),
          region.keep(m.second.clone()))));
    }
  }

  @Override
  public void close() {
    state.clear();
    region.close();
  }
}
