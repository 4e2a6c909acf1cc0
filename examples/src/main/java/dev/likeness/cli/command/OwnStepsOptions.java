package dev.likeness.cli.command;

import dev.likeness.diffusion.request.ImageRequest;
import picocli.CommandLine.Option;

/** Steps that are given one by one, in place of a number of them. */
final class OwnStepsOptions {
  @Option(
      names = "--timesteps",
      paramLabel = "T",
      split = ",",
      description =
          "draws at these timesteps, from noise to the picture, in place of --steps, e.g. 999,749,499,249")
  private double[] timesteps;

  @Option(
      names = "--sigmas",
      paramLabel = "S",
      split = ",",
      description =
          "draws over these noise levels, as the --scheduler counts them, in place of --steps, e.g. 14.6,3.8,1.3,0.4,0")
  private double[] sigmas;

  /**
   * The request in these steps, if any.
   *
   * @param steps the number of steps that was asked for, or 0
   */
  ImageRequest on(ImageRequest request, int steps) {
    if (timesteps == null && sigmas == null) {
      return request;
    }
    if (timesteps != null && sigmas != null || steps != 0) {
      throw new IllegalArgumentException(
          "--steps, --timesteps and --sigmas each say all of the steps; give one of them");
    }
    return timesteps != null ? request.timesteps(timesteps) : request.sigmas(sigmas);
  }
}
