package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.GraphRunner;
import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.tensor.Compute;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Hooks of a request that work on tensors: for sister modules, tests and research. A request
 * carries them without knowing what they are.
 *
 * @param predictor wraps the base's network, guidance and caching included
 * @param listener hears of each step, its latents in hand; asked for once for each batch and closed
 *     with it
 * @param runner runs the steps' work on a device; asked for once for each batch and closed with it.
 *     Null for the request's {@link GenerationHooks#cudaGraph}
 */
public record EngineHooks(
    UnaryOperator<Predictor> predictor,
    Supplier<StepListener> listener,
    Function<Compute, StepRunner> runner)
    implements GenerationHooks.Engine {
  /** No hooks. */
  public static final EngineHooks NONE =
      new EngineHooks(UnaryOperator.identity(), () -> StepListener.NONE, null);

  /** Those that a request's hooks carry. */
  public static EngineHooks of(GenerationHooks hooks) {
    return hooks.engine() == null ? NONE : (EngineHooks) hooks.engine();
  }

  /** A wrapper of the network, and one listener for all batches. */
  public static GenerationHooks hooks(UnaryOperator<Predictor> predictor, StepListener listener) {
    return GenerationHooks.NONE.engine(new EngineHooks(predictor, () -> listener, null));
  }

  /** One listener for all batches. */
  public static GenerationHooks ofListener(StepListener listener) {
    return hooks(UnaryOperator.identity(), listener);
  }

  /** Steps run by this. */
  public static GenerationHooks ofRunner(Function<Compute, StepRunner> runner) {
    return GenerationHooks.NONE.engine(NONE.withRunner(runner));
  }

  /** The same with steps run otherwise. */
  public EngineHooks withRunner(Function<Compute, StepRunner> other) {
    return new EngineHooks(predictor, listener, other);
  }

  /** The same with another listener. */
  public EngineHooks withListener(Supplier<StepListener> other) {
    return new EngineHooks(predictor, other, runner);
  }

  /** What runs a batch's steps on a device; the caller closes it. */
  public static StepRunner runner(GenerationHooks hooks, Compute compute) {
    Function<Compute, StepRunner> own = of(hooks).runner;
    return own != null
        ? own.apply(compute)
        : hooks.cudaGraph() ? GraphRunner.forDevice(compute) : StepRunner.EAGER;
  }
}
