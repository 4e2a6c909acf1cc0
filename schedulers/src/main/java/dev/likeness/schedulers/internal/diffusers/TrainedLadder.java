package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.TimestepSpacing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ladders whose steps are whole training timesteps: DDPM's and DDIM's.
 *
 * @param training the trained levels
 * @param spacing how the steps are spread
 * @param offset what leading spacing adds
 * @param end the level below the first timestep
 */
record TrainedLadder(NetworkConfig training, TimestepSpacing spacing, int offset, NoiseLevel end) {
  static TrainedLadder of(Options options, NetworkConfig training) {
    boolean clean = !options.has("set_alpha_to_one") || options.flag("set_alpha_to_one");
    return new TrainedLadder(
        training,
        TimestepSpacing.parse(options.text("timestep_spacing")),
        options.integer("steps_offset"),
        clean ? NoiseLevel.CLEAN : training.schedule().level(0));
  }

  /**
   * Each step ends where the next one begins, the last at the end (DDPM); the caller's own
   * timesteps are taken.
   */
  SigmaSchedule chained(PlanRequest request) {
    Requests.requireOwnSigmas(request, "DDPM");
    double[] timesteps = request.timesteps().length > 0
        ? Requests.requireFalling(request.timesteps(), training.length())
        : timesteps(request.steps());
    List<NoiseLevel> levels = new ArrayList<>(levels(timesteps, 0));
    levels.add(end);
    return SigmaSchedule.of(timesteps, levels);
  }

  /**
   * Each step ends a whole stride below its beginning (DDIM), which is not always where the next
   * one begins.
   */
  SigmaSchedule strided(PlanRequest request) {
    Requests.requireOwnTimesteps(request, "DDIM");
    double[] timesteps = timesteps(request.steps());
    return SigmaSchedule.of(timesteps, levels(timesteps, 0), levels(timesteps, stride(request)));
  }

  /** The strided ladder climbed from below (DDIM inversion): each step ends at its own timestep. */
  SigmaSchedule rising(PlanRequest request) {
    Requests.requireOwnTimesteps(request, "DDIM inversion");
    double[] timesteps = DpmSigmaSchedules.falling(timesteps(request.steps()));
    return SigmaSchedule.of(timesteps, levels(timesteps, stride(request)), levels(timesteps, 0));
  }

  /** The training timesteps between two steps. */
  int stride(PlanRequest request) {
    return training.length() / request.steps();
  }

  /** The falling whole timesteps of so many steps. */
  double[] timesteps(int steps) {
    int trained = training.length();
    Requests.requireSteps(steps, 1, trained);
    double[] timesteps =
        Arrays.stream(spacing.timesteps(steps, trained, offset)).map(Math::rint).toArray();
    return Requests.requireFalling(timesteps, trained);
  }

  private List<NoiseLevel> levels(double[] timesteps, int below) {
    return Arrays.stream(timesteps)
        .mapToObj(timestep -> training.level((int) timestep - below, end))
        .toList();
  }
}
