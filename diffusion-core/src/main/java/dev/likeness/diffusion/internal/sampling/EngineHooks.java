package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.GraphRunner;
import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.tensor.Compute;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Hooks of a request on tensors, for other modules, tests and research.
 *
 * @param predictor wraps the base's network with guidance and caching
 * @param listener creates the listener of each batch, which is closed with the batch
 * @param runner creates the runner of each batch's steps on a device, which is closed with the
 *     batch. Null for the request's {@link GenerationHooks#cudaGraph}
 */
public record EngineHooks(
    UnaryOperator<Predictor> predictor,
    Supplier<StepListener> listener,
    Function<Compute, StepRunner> runner)
    implements GenerationHooks.Engine {
  /** No hooks. */
  public static final EngineHooks NONE =
      new EngineHooks(UnaryOperator.identity(), () -> StepListener.NONE, null);

  /** The engine hooks of a request. */
  public static EngineHooks of(GenerationHooks hooks) {
    return hooks.engine() == null ? NONE : (EngineHooks) hooks.engine();
  }

  /** Hooks with a wrapper of the network, and one listener for all batches. */
  public static GenerationHooks hooks(UnaryOperator<Predictor> predictor, StepListener listener) {
    return GenerationHooks.NONE.engine(new EngineHooks(predictor, () -> listener, null));
  }

  /** Hooks with one listener for all batches. */
  public static GenerationHooks ofListener(StepListener listener) {
    return hooks(UnaryOperator.identity(), listener);
  }

  /** Hooks with a runner. */
  public static GenerationHooks ofRunner(Function<Compute, StepRunner> runner) {
    return GenerationHooks.NONE.engine(NONE.withRunner(runner));
  }

  /** These hooks with another runner. */
  public EngineHooks withRunner(Function<Compute, StepRunner> other) {
    return new EngineHooks(predictor, listener, other);
  }

  /** These hooks with another listener. */
  public EngineHooks withListener(Supplier<StepListener> other) {
    return new EngineHooks(predictor, other, runner);
  }

  /** The runner of a batch's steps on a device. The caller closes it. */
  public static StepRunner runner(GenerationHooks hooks, Compute compute) {
    Function<Compute, StepRunner> own = of(hooks).runner;
    return own != null
        ? own.apply(compute)
        : hooks.cudaGraph() ? GraphRunner.forDevice(compute) : StepRunner.EAGER;
  }
}
