package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.sampling.StepListener;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Scheduler;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Parts of a run that the caller brings: for research.
 *
 * @param scheduler ladder and solver of the caller's own, or null for the request's by name
 * @param network what is wrapped around the base's network, guidance included
 * @param listener what hears of each step, its latents in hand, asked for once for each pass and
 *     closed with it
 * @param runner how the rows' work is run on a device, asked for once for each pass and closed with
 *     it; not where a memory plan brings the network's blocks in
 */
public record GenerationHooks(
    Scheduler scheduler,
    UnaryOperator<Predictor> network,
    Supplier<StepListener> listener,
    Function<Compute, StepRunner> runner) {
  /** Nothing of the caller's own. */
  public static final GenerationHooks NONE =
      new GenerationHooks(null, UnaryOperator.identity(), StepListener.NONE);

  /** One listener for all passes, and work run as it comes. */
  public GenerationHooks(
      Scheduler scheduler, UnaryOperator<Predictor> network, StepListener listener) {
    this(scheduler, network, () -> listener, compute -> StepRunner.PLAIN);
  }

  /** The same with the rows' work run otherwise, such as {@code Replayed::on}. */
  public GenerationHooks running(Function<Compute, StepRunner> other) {
    return new GenerationHooks(scheduler, network, listener, other);
  }
}
