package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.List;

/**
 * The noise levels and timesteps of one generation. Step {@code i} goes from the level {@link #at}
 * to the level {@link #next}, and calls the network with {@link #timestep}.
 *
 * <p>Solvers may start inside the schedule ({@link #first}), but always continue to its last step.
 * Step 0 is the noisiest step of the schedule, even if sampling starts later. Solvers that lower
 * their order near the end need the index of a step in the whole schedule.
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
   * {@return a schedule in which each step starts at the level where the previous step ends}
   *
   * @param timesteps the timesteps, one for each step; at least one
   * @param levels the noise levels, one more than the number of steps; sampling ends at the last
   *     level
   * @throws IllegalArgumentException if the number of levels is not the number of timesteps plus 1,
   *     or if there are no timesteps
   */
  public static SigmaSchedule of(double[] timesteps, List<NoiseLevel> levels) {
    return of(timesteps, levels.subList(0, levels.size() - 1), levels.subList(1, levels.size()));
  }

  /**
   * {@return a schedule in which a step need not start at the level where the previous step ended:
   * step i goes from {@code from[i]} to {@code to[i]}}
   *
   * @param timesteps the timesteps, one for each step; at least one
   * @param from the level at the start of each step
   * @param to the level at the end of each step
   * @throws IllegalArgumentException if the lengths differ or are 0
   */
  public static SigmaSchedule of(double[] timesteps, List<NoiseLevel> from, List<NoiseLevel> to) {
    if (timesteps.length == 0 || from.size() != timesteps.length || to.size() != timesteps.length) {
      throw new IllegalArgumentException(
          "a sigma schedule needs at least 1 step, with a timestep, a start and an"
              + " end for each step; got timesteps: " + timesteps.length + ", starts: "
              + from.size() + ", ends: " + to.size());
    }
    return new SigmaSchedule(timesteps.clone(), List.copyOf(from), List.copyOf(to), 0);
  }

  /**
   * {@return a copy of this schedule in which sampling starts at the given step, for
   * image-to-image}
   *
   * @param first the index of the first step, from 0 to {@link #size()}
   * @throws IllegalArgumentException if the index is not in this range
   */
  public SigmaSchedule from(int first) {
    if (first < 0 || first > timesteps.length) {
      throw new IllegalArgumentException("the first step must be from 0 to the number of steps ("
          + timesteps.length + "), got " + first);
    }
    return new SigmaSchedule(timesteps, from, to, first);
  }

  /**
   * {@return a schedule with all steps of this schedule except the last}
   *
   * @throws IllegalArgumentException if the schedule has only 1 step
   */
  public SigmaSchedule withoutLastStep() {
    int left = last();
    return of(Arrays.copyOf(timesteps, left), from.subList(0, left), to.subList(0, left))
        .from(Math.min(first, left));
  }

  /**
   * {@return the number of steps of the whole schedule, including steps before {@link #first}; at
   * least 1}
   */
  public int size() {
    return timesteps.length;
  }

  /**
   * {@return the index of the first sampled step, where index 0 is the noisiest step;
   * {@link #size()} if no step is sampled}
   */
  public int first() {
    return first;
  }

  /** {@return the index of the last sampled step, where index 0 is the noisiest step} */
  public int last() {
    return timesteps.length - 1;
  }

  /**
   * {@return the timestep with which a step calls the network}
   *
   * @param i the index of the step, 0 for the noisiest step
   * @throws IndexOutOfBoundsException if there is no such step
   */
  public double timestep(int i) {
    return timesteps[i];
  }

  /** {@return a copy of all timesteps, starting with the noisiest step} */
  public double[] timesteps() {
    return timesteps.clone();
  }

  /**
   * {@return the noise level at the start of a step}
   *
   * @param i the index of the step, 0 for the noisiest step
   * @throws IndexOutOfBoundsException if there is no such step
   */
  public NoiseLevel at(int i) {
    return from.get(i);
  }

  /**
   * {@return the noise level at the end of a step}
   *
   * @param i the index of the step, 0 for the noisiest step
   * @throws IndexOutOfBoundsException if there is no such step
   */
  public NoiseLevel next(int i) {
    return to.get(i);
  }

  /**
   * {@return the level at which sampling starts; the last level of the schedule if no step is
   * sampled}
   */
  public NoiseLevel start() {
    return first < timesteps.length ? at(first) : next(last());
  }

  /** {@return the largest of all sigmas at which steps start} */
  public double maxSigma() {
    return from.stream().mapToDouble(NoiseLevel::sigma).max().orElse(0);
  }

  @Override
  public String toString() {
    return "SigmaSchedule" + Arrays.toString(timesteps) + from;
  }
}
