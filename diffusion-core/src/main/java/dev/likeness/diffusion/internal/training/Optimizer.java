package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Updates weights by their gradients. Used by one thread; owns its state until closed. */
public interface Optimizer extends AutoCloseable {
  /** Updates every parameter that has a gradient and clears the gradients. */
  void step(Map<String, Tensor> parameters, double learningRate);

  /** Returns the number of steps so far. */
  long steps();

  /**
   * Returns the value of a parameter to evaluate and save: usually the parameter itself. Another
   * value belongs to the calling scope.
   */
  default Tensor evaluated(String name, Tensor parameter) {
    return parameter;
  }

  /** Returns the state for a checkpoint, by name. The tensors belong to this optimiser. */
  Map<String, Tensor> tensors();

  /**
   * Resumes from a checkpoint.
   *
   * @param stepsTaken the number of steps at the checkpoint
   * @param saved copies of {@link #tensors} at the checkpoint
   */
  void resume(long stepsTaken, Map<String, Tensor> saved);

  @Override
  void close();

  /**
   * The common part of optimisers: counts steps, updates one parameter after the other, and keeps
   * state.
   */
  public abstract static class BaseOptimizer implements Optimizer {
    final OptimizerState state = new OptimizerState();
    private long steps;

    @Override
    public void step(Map<String, Tensor> parameters, double learningRate) {
      steps++;
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        prepare(parameters, learningRate);
        parameters.forEach((name, parameter) -> updateParameter(name, parameter, learningRate));
      }
    }

    /** Updates one parameter if it has a gradient, and clears the gradient. */
    final void updateParameter(String name, Tensor parameter, double learningRate) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor gradient = parameter.grad();
        if (!gradient.defined()) {
          return;
        }
        if (Tensors.dtype(parameter) == DType.BF16) {
          updateRounded(name, parameter, gradient, learningRate);
        } else {
          update(name, parameter, gradient, learningRate);
        }
        gradient.zero_();
      }
    }

    /**
     * Updates a parameter that is stored in bf16 only: computes in f32, then rounds stochastically.
     * The step and the name seed the rounding.
     */
    private void updateRounded(
        String name, Tensor parameter, Tensor gradient, double learningRate) {
      Tensor whole = parameter.detach().to(ScalarType.Float);
      update(name, whole, gradient.to(ScalarType.Float), learningRate);
      try (Generator random =
          torch.createCPUGenerator((name.hashCode() * 31L + steps) & 0xFFFFFFFFL)) {
        StochasticRounding.copy(whole, parameter, random);
      }
    }

    /** Sees all gradients before any parameter is updated. */
    void prepare(Map<String, Tensor> parameters, double learningRate) {}

    /** Updates one parameter. */
    abstract void update(String name, Tensor parameter, Tensor gradient, double learningRate);

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

  /**
   * The named tensors that an optimiser keeps between steps. Each is created at its first use, by
   * any thread.
   */
  static final class OptimizerState implements AutoCloseable {
    private final TensorRegion region = new TensorRegion();
    private final Map<String, Tensor> tensors = new TreeMap<>();

    /**
     * Returns the tensor {@code kind} of a parameter's state, e.g. {@code first}; {@code initial}
     * creates it at the first call.
     */
    synchronized Tensor get(String kind, String parameter, Supplier<Tensor> initial) {
      return tensors.computeIfAbsent(kind + "." + parameter, name -> region.keep(initial.get()));
    }

    Map<String, Tensor> tensors() {
      return Collections.unmodifiableMap(tensors);
    }

    void restore(Map<String, Tensor> saved) {
      try (TensorScope scope = TensorScope.open()) {
        saved.forEach((name, tensor) -> tensors.put(name, region.keep(tensor.clone())));
      }
    }

    @Override
    public void close() {
      tensors.clear();
      region.close();
    }
  }

  /**
   * Rounds f32 to bf16 up or down at random, so that updates too small for bf16 add up on average
   * (Zamirai et al. 2020, arXiv:2010.06192, section 3). This makes it possible to train weights
   * that are stored in bf16 only.
   */
  public static final class StochasticRounding {
    private static final int DROPPED = 1 << 16;

    private StochasticRounding() {}

    /**
     * Writes {@code value}, f32, to {@code bf16} of the same shape. {@code random} decides the
     * direction of each value's rounding.
     */
    public static void copy(Tensor value, Tensor bf16, Generator random) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor bits = value.detach().contiguous().view(ScalarType.Int);
        Tensor dropped = torch
            .empty_like(bits.cpu())
            .random_(0, new LongOptional(DROPPED), new GeneratorOptional(random));
        Tensor rounded = bits.add(dropped.to(bits.device(), ScalarType.Int))
            .bitwise_and(new Scalar(-DROPPED))
            .view(ScalarType.Float);
        bf16.copy_(rounded);
      }
    }
  }
}
