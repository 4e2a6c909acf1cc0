package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;
import java.util.OptionalDouble;

/** An event of long work. Exactly one terminal event ends the work: done, cancelled or failed. */
public sealed interface ProgressEvent {
  /**
   * A phase of the work starts.
   *
   * @param name the name of the phase
   * @param steps the number of steps of the phase; 0 if the number is not known
   */
  record Phase(String name, int steps) implements ProgressEvent {}

  /**
   * A step of a phase is done.
   *
   * @param phase the name of the phase
   * @param step the number of the step, from 1
   * @param steps the number of steps of the phase
   * @param loss the training loss; empty outside training
   * @param secondsLeft the estimated seconds until the last step; empty if there is no estimate
   */
  record Step(String phase, int step, int steps, OptionalDouble loss, OptionalDouble secondsLeft)
      implements ProgressEvent {
    /**
     * Creates a step of training without an estimate of the remaining time.
     *
     * @param phase the name of the phase
     * @param step the number of the step, from 1
     * @param steps the number of steps of the phase
     * @param loss the training loss
     */
    public Step(String phase, int step, int steps, double loss) {
      this(phase, step, steps, OptionalDouble.of(loss), OptionalDouble.empty());
    }

    /**
     * Creates a step outside training without an estimate of the remaining time.
     *
     * @param phase the name of the phase
     * @param step the number of the step, from 1
     * @param steps the number of steps of the phase
     */
    public Step(String phase, int step, int steps) {
      this(phase, step, steps, OptionalDouble.empty(), OptionalDouble.empty());
    }
  }

  /**
   * Preview images that training generated.
   *
   * @param step the number of training steps so far
   * @param images images of the person, generated with the current weights; they are personal data
   * @param score the validation score of the images; larger is better. NaN if nothing scores them
   */
  record Preview(int step, List<RgbImage> images, double score) implements ProgressEvent {}

  /**
   * A warning or hint; the work goes on.
   *
   * @param message one line for the user
   */
  record Notice(String message) implements ProgressEvent {}

  /** Terminal event: the work is complete. */
  record Done() implements ProgressEvent {}

  /** Terminal event: the caller cancelled the work. */
  record Cancelled() implements ProgressEvent {}

  /**
   * Terminal event: the work failed.
   *
   * @param reason the exception that the work throws to its caller. If the work throws an
   *     {@link Error}, {@code reason} is an exception whose cause is the error
   */
  record Failed(RuntimeException reason) implements ProgressEvent {}

  /** {@return true if the event ends the work} */
  default boolean isTerminal() {
    return this instanceof Done || this instanceof Cancelled || this instanceof Failed;
  }
}
