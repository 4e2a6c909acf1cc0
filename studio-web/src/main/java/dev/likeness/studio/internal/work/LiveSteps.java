package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.request.ProgressEvent;
import java.util.Map;

/** The steps of work in this process, which pages show. Safe for several threads. */
class LiveSteps {
  private volatile int step;
  private volatile int steps;
  private volatile double secondsLeft = Double.NaN;

  /** Begins work of {@code count} steps. */
  void begin(int count) {
    step = 0;
    steps = count;
    secondsLeft = Double.NaN;
  }

  /** Records the step that the work is at. */
  void at(ProgressEvent.Step event) {
    step = event.step();
    steps = event.steps();
    secondsLeft = event.secondsLeft().orElse(Double.NaN);
  }

  int step() {
    return step;
  }

  int steps() {
    return steps;
  }

  /** Adds {@code step} and {@code steps} to a description or an event. */
  void putSteps(Map<String, Object> map) {
    map.put("step", step);
    map.put("steps", steps);
  }

  /** As {@link #putSteps}, with the remaining seconds if they are known. */
  void putStepsAndTime(Map<String, Object> map) {
    putSteps(map);
    if (!Double.isNaN(secondsLeft)) {
      map.put("seconds_left", Math.round(secondsLeft));
    }
  }
}
