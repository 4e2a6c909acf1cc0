package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * How the answers to the two prompts become one. An instance serves one run: it may remember
 * earlier steps.
 */
@FunctionalInterface
public interface GuidanceRule extends LaidOut {
  /** The combined answer, of the shape of either; owned by the calling scope. */
  Tensor combine(Answers answers, Step step);

  /**
   * Whether an answer depends on those before it, so that every call has to be the next step of one
   * sample.
   */
  default boolean remembers() {
    return false;
  }
}
