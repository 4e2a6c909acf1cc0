package dev.likeness.diffusion;

import dev.likeness.diffusion.replay.Runner;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.StepListener;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Scheduler;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Parts of a run that the caller brings: for research.
 *
 * @param scheduler ladder and solver of the caller's own, or null for the request's by name
 * @param network what is wrapped around the base's network, guidance included
 * @param listener hears of each step, its latents in hand
 * @param runner how the network's work is run on a device, asked once for each pass
 */
public record Joints(Scheduler scheduler, UnaryOperator<NoisePredictor> network, StepListener listener,
    Function<Compute, Runner> runner) {
  /** Nothing of the caller's own. */
  public static final Joints NONE = new Joints(null, UnaryOperator.identity(), StepListener.NONE);

  /** The network's work run as it comes. */
  public Joints(Scheduler scheduler, UnaryOperator<NoisePredictor> network, StepListener listener) {
    this(scheduler, network, listener, compute -> Runner.PLAIN);
  }

  /** The same with the network's work run otherwise, such as {@code Replayed::on}. */
  public Joints running(Function<Compute, Runner> other) {
    return new Joints(scheduler, network, listener, other);
  }
}
