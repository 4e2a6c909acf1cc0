package dev.likeness.headshots.queue;

import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;

/** Something that takes long, tells how far it is and stops when asked. */
@FunctionalInterface
public interface Work<T> {
  /** Does it; {@code progress} hears exactly one terminal event. */
  T run(Progress progress, Cancellation cancellation);
}
