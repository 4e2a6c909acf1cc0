package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/** What long work tells its caller. Exactly one terminal event ends it: done, stopped or failed. */
public sealed interface ProgressEvent {
  /** A phase of the work began; {@code steps} is how many steps it will take, 0 when unknown. */
  record Phase(String name, int steps) implements ProgressEvent {}

  /**
   * {@code step} of {@code steps} of a phase is done, counted from 1; {@code loss} is NaN outside
   * training.
   *
   * @param secondsLeft until the last step, as the steps went so far; NaN when that is not known
   */
  record Step(String phase, int step, int steps, double loss, double secondsLeft)
      implements ProgressEvent {
    /** With nothing known of the time that is left. */
    public Step(String phase, int step, int steps, double loss) {
      this(phase, step, steps, loss, Double.NaN);
    }
  }

  /**
   * Images that a training drew on its way, after {@code step} steps, and how well they were
   * scored.
   *
   * @param images with the person as learned so far; personal data
   */
  record Preview(int step, List<RgbImage> images, double score) implements ProgressEvent {}

  /** Something the caller should know; the work goes on. */
  record Notice(String message) implements ProgressEvent {}

  /** Terminal: all of it is done. */
  record Done() implements ProgressEvent {}

  /** Terminal: the caller cancelled it. */
  record Cancelled() implements ProgressEvent {}

  /**
   * Terminal: it failed, and the call throws {@code reason}, or the {@link Error} that is its
   * cause.
   */
  record Failed(RuntimeException reason) implements ProgressEvent {}

  /** Whether it ends the work. */
  default boolean isTerminal() {
    return this instanceof Done || this instanceof Cancelled || this instanceof Failed;
  }
}
