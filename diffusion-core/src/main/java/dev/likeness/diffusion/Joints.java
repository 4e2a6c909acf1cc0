package dev.likeness.diffusion;

import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.StepListener;
import dev.likeness.schedulers.Scheduler;
import java.util.function.UnaryOperator;

/**
 * Parts of a run that the caller brings: for research.
 *
 * @param scheduler ladder and solver of the caller's own, or null for the request's by name
 * @param network what is wrapped around the base's network, guidance included
 * @param listener hears of each step, its latents in hand
 */
public record Joints(Scheduler scheduler, UnaryOperator<NoisePredictor> network, StepListener listener) {
  /** Nothing of the caller's own. */
  public static final Joints NONE = new Joints(null, UnaryOperator.identity(), StepListener.NONE);
}
