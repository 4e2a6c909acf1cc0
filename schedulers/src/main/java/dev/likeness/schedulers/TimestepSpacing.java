package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.stream.IntStream;

/** How inference timesteps are spread over the training ones (arXiv:2305.08891, table 2). */
public enum TimestepSpacing {
  /** Evenly from the last timestep to the first, both included. */
  LINSPACE,
  /** Whole multiples of the step from 0 up, plus an offset: the last timestep is never reached. */
  LEADING,
  /** Counted down from the last timestep: the first is never reached. */
  TRAILING;

  /**
   * The spacing that a config names.
   *
   * @throws IllegalArgumentException for any other name, listing the known ones
   */
  public static TimestepSpacing parse(String name) {
    return switch (name) {
      case "linspace" -> LINSPACE;
      case "leading" -> LEADING;
      case "trailing" -> TRAILING;
      default ->
        throw new IllegalArgumentException(
            "timestep_spacing " + name + " is unknown; known are linspace, leading, trailing");
    };
  }

  /**
   * Falling timesteps, whole except for {@link #LINSPACE}.
   *
   * @param steps how many
   * @param trained how many timesteps the network was trained at
   * @param offset what {@link #LEADING} adds to each
   */
  public double[] timesteps(int steps, int trained, int offset) {
    return switch (this) {
      case LINSPACE -> reversed(Sigmas.linspace(0, trained - 1, steps));
      case LEADING -> leading(steps, trained / steps, offset);
      case TRAILING -> trailing(steps, trained, trained);
    };
  }

  /**
   * Falling whole timesteps that leave room for a last step to the end of the schedule:
   * {@code steps + 1} places are spread and the lowest is dropped.
   *
   * @param steps how many
   * @param trained how many timesteps the network was trained at
   * @param top how many of them are used, from the clean end
   * @param offset what {@link #LEADING} adds to each
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

  // Counts and rounds as numpy.arange(top, 0, -trained / steps).round() - 1 does, whose last place
  // may fall off the
  // end.
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
