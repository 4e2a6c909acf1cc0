package dev.likeness.schedulers.internal;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The spacing of a generation's timesteps over the training timesteps (arXiv:2305.08891, table 2).
 */
public enum TimestepSpacing {
  /** Timesteps spaced uniformly from the last timestep to the first, including both. */
  LINSPACE,
  /** Multiples of the distance between two timesteps, from 0 upwards, plus an offset. */
  LEADING,
  /** The last timestep minus multiples of the distance between two timesteps. */
  TRAILING;

  /**
   * {@return the spacing for a value of the config option {@code timestep_spacing}}
   *
   * @param name {@code linspace}, {@code leading} or {@code trailing}
   * @throws IllegalArgumentException if no spacing has this name; the message lists the names
   */
  public static TimestepSpacing parse(String name) {
    return switch (name) {
      case "linspace" -> LINSPACE;
      case "leading" -> LEADING;
      case "trailing" -> TRAILING;
      default ->
        throw new IllegalArgumentException(
            "unknown timestep_spacing \"" + name + "\"; known: linspace, leading, trailing");
    };
  }

  /**
   * {@return timesteps in descending order} {@link #LINSPACE} may return fractions; the other
   * spacings return integers.
   *
   * @param steps the number of timesteps, at least 1
   * @param trained the number of training timesteps, at least 1
   * @param offset the number that {@link #LEADING} adds to each timestep (diffusers:
   *     {@code steps_offset})
   */
  public double[] timesteps(int steps, int trained, int offset) {
    return switch (this) {
      case LINSPACE -> reversed(Sigmas.linspace(0, trained - 1, steps));
      case LEADING -> leading(steps, trained / steps, offset);
      case TRAILING -> trailing(steps, trained, trained);
    };
  }

  /**
   * {@return integer timesteps in descending order, as the DPM-Solver classes of diffusers space
   * them} {@link #LINSPACE} and {@link #LEADING} space {@code steps + 1} timesteps and leave out
   * the lowest. {@link #TRAILING} starts at the timestep {@code top - 1}, and returns fewer
   * timesteps if {@code top} is less than {@code trained}.
   *
   * @param steps the number of timesteps, at least 1
   * @param trained the number of training timesteps, at least 1
   * @param top the number of training timesteps that may be used, counted from timestep 0
   * @param offset the number that {@link #LEADING} adds to each timestep (diffusers:
   *     {@code steps_offset})
   */
  public double[] timestepsWithoutLast(int steps, int trained, int top, int offset) {
    return switch (this) {
      case LINSPACE ->
        Sigmas.map(withoutLast(reversed(Sigmas.linspace(0, top - 1, steps + 1))), Math::rint);
      case LEADING -> withoutLast(leading(steps + 1, top / (steps + 1), offset));
      case TRAILING -> trailing(steps, trained, top);
    };
  }

  private static double[] leading(int steps, int ratio, int offset) {
    return IntStream.range(0, steps)
        .mapToDouble(i -> (double) (steps - 1 - i) * ratio + offset)
        .toArray();
  }

  // Counts and rounds as numpy.arange(top, 0, -trained / steps).round() - 1, whose last value may
  // be negative.
  private static double[] trailing(int steps, int trained, int top) {
    double ratio = (double) trained / steps;
    double delta = top - ratio - top;
    int count = (int) Math.ceil(-top / -ratio);
    return IntStream.range(0, count)
        .mapToDouble(i -> Math.rint(top + i * delta) - 1)
        .filter(t -> t >= 0)
        .toArray();
  }

  private static double[] reversed(double[] values) {
    return IntStream.range(0, values.length)
        .mapToDouble(i -> values[values.length - 1 - i])
        .toArray();
  }

  private static double[] withoutLast(double[] values) {
    return Arrays.copyOf(values, values.length - 1);
  }
}
