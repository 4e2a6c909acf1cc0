package dev.likeness.diffusion.training;

import dev.likeness.diffusion.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** What optimisers have in common: they count steps, look at one parameter after the other, and keep state. */
abstract class GradientSteps implements Optimizer {
  final OptimizerState state = new OptimizerState();
  private long steps;

  @Override
  public void step(Map<String, Tensor> parameters, double learningRate) {
    steps++;
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      before(parameters, learningRate);
      parameters.forEach((name, parameter) -> {
        Tensor gradient = parameter.grad();
        if (gradient.defined()) {
          try (TensorScope one = TensorScope.open()) {
            move(name, parameter, gradient, learningRate);
            gradient.zero_();
          }
        }
      });
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
