package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.TimestepSpacing;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Ladders in k-diffusion's form, {@code x = x0 + sigma n}: Euler's, Heun's, DPM2's, LMS's and their
 * kin.
 *
 * @param options the class's options
 * @param training the trained levels
 * @param wholeKarras whether the timesteps of a Karras ladder are rounded
 */
record ExplodingLadder(Options options, NetworkConfig training, boolean wholeKarras) {
  SigmaSchedule ladder(PlanRequest request) {
    if (request.sigmas().length > 0) {
      return custom(request.sigmas());
    }
    NoiseSchedule schedule = training.schedule();
    double[] timesteps =
        request.timesteps().length > 0 ? own(request.timesteps()) : spaced(request.steps());
    int count = timesteps.length;
    double[] sigmas = schedule.sigmas(timesteps);
    if (logLinear()) {
      double[] table = schedule.sigmas();
      sigmas = Sigmas.exponential(table[table.length - 1], table[0], count + 1);
    }
    SigmaOptions respacing = SigmaOptions.of(options);
    double[] respaced = respacing.sigmas(sigmas, count);
    if (!respacing.isNone()) {
      boolean rounds = wholeKarras && respacing.kind() == SigmaOptions.Kind.KARRAS;
      timesteps = Arrays.stream(schedule.timesteps(respaced))
          .map(t -> rounds ? Math.rint(t) : t)
          .toArray();
    }
    return ladder(
        timesteps,
        DoubleStream.concat(Arrays.stream(respaced), DoubleStream.of(lastSigma()))
            .toArray());
  }

  private double[] own(double[] timesteps) {
    SigmaOptions.Kind kind = SigmaOptions.of(options).kind();
    if (kind != SigmaOptions.Kind.NONE || continuous()) {
      throw new IllegalArgumentException(options.owner()
          + (continuous()
              ? " with timestep_type continuous tells the logarithm of" + " its sigmas"
              : " with use_" + kind.name().toLowerCase(Locale.ROOT) + "_sigmas lays its own ladder")
          + " and takes no timesteps; give sigmas, or leave that option out");
    }
    return Requests.requireFalling(timesteps, training.length());
  }

  private boolean logLinear() {
    return options.has("interpolation_type")
        && "log_linear".equals(options.oneOf("interpolation_type", "linear", "log_linear"));
  }

  private double[] spaced(int steps) {
    TimestepSpacing spacing = TimestepSpacing.parse(options.text("timestep_spacing"));
    int trained = training.schedule().length();
    Requests.requireSteps(
        steps, 1, spacing == TimestepSpacing.LINSPACE ? Integer.MAX_VALUE : trained);
    return spacing.timesteps(steps, trained, options.integer("steps_offset"));
  }

  private double lastSigma() {
    return LastSigma.isClean(options) ? 0 : training.schedule().sigmas()[0];
  }

  private SigmaSchedule custom(double[] sigmas) {
    double[] above = Arrays.copyOf(sigmas, sigmas.length - 1);
    return ladder(training.schedule().timesteps(above), sigmas);
  }

  // A log-linear ladder has one level too many in the reference, which never reaches the last.
  private SigmaSchedule ladder(double[] timesteps, double[] sigmas) {
    double[] used = Arrays.copyOf(sigmas, timesteps.length + 1);
    return SigmaSchedule.of(
        told(timesteps, used),
        Arrays.stream(used).mapToObj(NoiseLevel::exploding).toList());
  }

  // Networks trained on continuous time are told 0.25 log sigma.
  private double[] told(double[] timesteps, double[] sigmas) {
    return continuous()
        ? Arrays.stream(sigmas)
            .limit(sigmas.length - 1L)
            .map(sigma -> 0.25 * Math.log(sigma))
            .toArray()
        : timesteps;
  }

  private boolean continuous() {
    return options.has("timestep_type")
        && "continuous".equals(options.oneOf("timestep_type", "discrete", "continuous"))
        && "v_prediction".equals(options.text("prediction_type"));
  }

  /** The standard deviation of a first sample of pure noise. */
  double pureNoise(SigmaSchedule ladder) {
    double max = ladder.maxSigma();
    return "leading".equals(options.text("timestep_spacing")) ? Math.sqrt(max * max + 1) : max;
  }
}
