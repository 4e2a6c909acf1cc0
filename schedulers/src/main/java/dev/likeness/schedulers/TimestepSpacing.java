package dev.likeness.schedulers;

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
      default -> throw new IllegalArgumentException(
          "timestep_spacing " + name + " is unknown; known are linspace, leading, trailing");
    };
  }
}
