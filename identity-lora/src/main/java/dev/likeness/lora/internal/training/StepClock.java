package dev.likeness.lora.internal.training;

/** Tells from the steps of a run so far how long the rest will take. One thread. */
final class StepClock {
  private int first = -1;
  private long start;

  /**
   * Seconds left when {@code step} of {@code steps} is done, as the steps after this clock's first
   * went; NaN at that one.
   */
  double left(int step, int steps) {
    if (first < 0) {
      first = step;
      start = System.nanoTime();
      return Double.NaN;
    }
    return (System.nanoTime() - start) / 1e9 / (step - first) * (steps - step);
  }
}
