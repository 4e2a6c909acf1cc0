package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.cudagraph.Runner;
import dev.likeness.diffusion.internal.family.NoisePredictor;
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
public record Joints(
    Scheduler scheduler,
    UnaryOperator<NoisePredictor> network,
    Supplier<StepListener> listener,
    Function<Compute, Runner> runner) {
  /** Nothing of the caller's own. */
  public static final Joints NONE = new Joints(null, UnaryOperator.identity(), StepListener.NONE);

  /** One listener for all passes, and work run as it comes. */
  public Joints(Scheduler scheduler, UnaryOperator<NoisePredictor> network, StepListener listener) {
    this(scheduler, network, () -> listener, compute -> Runner.PLAIN);
  }

  /** The same with the rows' work run otherwise, such as {@code Replayed::on}. */
  public Joints running(Function<Compute, Runner> other) {
    return new Joints(scheduler, network, listener, other);
  }
}
