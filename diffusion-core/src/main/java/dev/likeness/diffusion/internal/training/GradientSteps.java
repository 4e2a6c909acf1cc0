package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.Map;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What optimisers have in common: they count steps, look at one parameter after the other, and keep
 * state.
 */
public abstract class GradientSteps implements Optimizer {
  final OptimizerState state = new OptimizerState();
  private long steps;

  @Override
  public void step(Map<String, Tensor> parameters, double learningRate) {
    steps++;
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      before(parameters, learningRate);
      parameters.forEach((name, parameter) -> one(name, parameter, learningRate));
    }
  }

  /** Moves one parameter if it has a gradient, which it forgets. */
  final void one(String name, Tensor parameter, double learningRate) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor gradient = parameter.grad();
      if (!gradient.defined()) {
        return;
      }
      if (DType.of(parameter.scalar_type()) == DType.BF16) {
        moveRounded(name, parameter, gradient, learningRate);
      } else {
        move(name, parameter, gradient, learningRate);
      }
      gradient.zero_();
    }
  }

  /**
   * Moves a parameter that is kept in bf16 alone: in f32, then rounded by chance, which the step
   * and the name decide.
   */
  private void moveRounded(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor whole = parameter.detach().to(ScalarType.Float);
    move(name, whole, gradient.to(ScalarType.Float), learningRate);
    try (Generator chance =
        torch.createCPUGenerator((name.hashCode() * 31L + steps) & 0xFFFFFFFFL)) {
      StochasticRounding.copy(whole, parameter, chance);
    }
  }

  /** Looks at all gradients together before any parameter moves. */
  void before(Map<String, Tensor> parameters, double learningRate) {}

  /** Moves one parameter. */
  abstract void move(String name, Tensor parameter, Tensor gradient, double learningRate);

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, Tensor> tensors() {
    return state.tensors();
  }

  @Override
  public void resume(long stepsTaken, Map<String, Tensor> saved) {
    steps = stepsTaken;
    state.restore(saved);
  }

  @Override
  public void close() {
    state.close();
  }
}
