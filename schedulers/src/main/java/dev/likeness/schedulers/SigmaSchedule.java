package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.List;

/**
 * The noise levels of one run: step {@code i} leads from {@link #at} to {@link #next} and tells the
 * network {@link #timestep}.
 *
 * <p>A run may begin and end inside the ladder ({@link #first}, {@link #last}); indices always
 * count from the ladder's top, because some solvers change their order near its end.
 */
public final class SigmaSchedule {
  private final double[] timesteps;
  private final List<NoiseLevel> from;
  private final List<NoiseLevel> to;
  private final int first;

  private SigmaSchedule(double[] timesteps, List<NoiseLevel> from, List<NoiseLevel> to, int first) {
    this.timesteps = timesteps;
    this.from = from;
    this.to = to;
    this.first = first;
  }

  /**
   * A ladder whose steps follow each other.
   *
   * @param timesteps one for each step
   * @param levels one more than steps: the last is where the run ends
   */
  public static SigmaSchedule of(double[] timesteps, List<NoiseLevel> levels) {
    return of(timesteps, levels.subList(0, levels.size() - 1), levels.subList(1, levels.size()));
  }

  /** A ladder whose steps need not meet: step i leads from {@code from[i]} to {@code to[i]}. */
  public static SigmaSchedule of(double[] timesteps, List<NoiseLevel> from, List<NoiseLevel> to) {
    if (timesteps.length == 0 || from.size() != timesteps.length || to.size() != timesteps.length) {
      throw new IllegalArgumentException(
          "a ladder needs a timestep, a start and an end for each of at least 1 step, " + "got "
              + timesteps.length + ", " + from.size() + " and " + to.size());
    }
    return new SigmaSchedule(timesteps.clone(), List.copyOf(from), List.copyOf(to), 0);
  }

  /** The same ladder entered at step {@code first}, as image-to-image does. */
  public SigmaSchedule from(int first) {
    if (first < 0 || first > timesteps.length) {
      throw new IllegalArgumentException(
          "a ladder of " + timesteps.length + " steps cannot begin at step " + first);
    }
    return new SigmaSchedule(timesteps, from, to, first);
  }

  /** The same ladder without its last step; one of at least 2 steps. */
  public SigmaSchedule withoutLastStep() {
    int left = last();
    return of(Arrays.copyOf(timesteps, left), from.subList(0, left), to.subList(0, left))
        .from(Math.min(first, left));
  }

  /** The number of steps from top to bottom, wherever the run begins. */
  public int size() {
    return timesteps.length;
  }

  /** The step at which the run begins. */
  public int first() {
    return first;
  }

  /** The last step of the ladder. */
  public int last() {
    return timesteps.length - 1;
  }

  /** What the network is told at step i. */
  public double timestep(int i) {
    return timesteps[i];
  }

  /** All timesteps, from the top. */
  public double[] timesteps() {
    return timesteps.clone();
  }

  /** The noise level at which step i begins. */
  public NoiseLevel at(int i) {
    return from.get(i);
  }

  /** The noise level at which step i ends. */
  public NoiseLevel next(int i) {
    return to.get(i);
  }

  /** The level at which the run begins; the end of the ladder for a run of no steps. */
  public NoiseLevel start() {
    return first < timesteps.length ? at(first) : next(last());
  }

  /** The largest noise of any level. */
  public double maxSigma() {
    return from.stream().mapToDouble(NoiseLevel::sigma).max().orElse(0);
  }

  @Override
  public String toString() {
    return "Ladder" + Arrays.toString(timesteps) + from;
  }
}
