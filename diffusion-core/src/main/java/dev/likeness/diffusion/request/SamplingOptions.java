package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * Steps, scheduler, seed and initial noise of a request.
 *
 * @param steps the number of sampling steps; empty for the default. If timesteps or sigmas are
 *     given, this value is the length of that list
 * @param timesteps one trained timestep for each step, in descending order; empty for the
 *     scheduler's own timesteps
 * @param sigmas sigmas in the scheduler's unit, in descending order, see
 *     {@link PlanRequest#ofSigmas}; empty for the scheduler's own sigmas
 * @param scheduler a scheduler's name; empty for the base's own scheduler
 * @param customScheduler a scheduler object of the caller, used instead of {@code scheduler}
 * @param schedulerOptions options that replace those of the scheduler's config, by diffusers'
 *     names, such as {@code use_karras_sigmas}; a value is a boolean, number, text or list of
 *     numbers; null turns an option off
 * @param eta the share of fresh noise in each step, 0..1, for schedulers that have this option;
 *     empty for the default
 * @param denoisingStart the share of the training timesteps that another model has sampled, 0..1
 * @param denoisingEnd the share of the training timesteps after which sampling ends, 0..1
 * @param seed the seed of the first image; image {@code i}, from 0, has the seed {@code seed + i}
 * @param count the number of images, 1 to 100,000
 * @param noise the initial noise, of unit variance; empty for the noise of the seed
 */
public record SamplingOptions(
    OptionalInt steps,
    List<Double> timesteps,
    List<Double> sigmas,
    Optional<String> scheduler,
    Optional<Scheduler> customScheduler,
    Map<String, @Nullable Object> schedulerOptions,
    OptionalDouble eta,
    double denoisingStart,
    double denoisingEnd,
    long seed,
    int count,
    Optional<Latents> noise) {
  private static final int MAX_COUNT = 100_000;
  /** Published noise schedules have at most 1,000 timesteps. */
  private static final int MAX_STEPS = 10_000;

  /** One image with seed 0; every other value is the base's default. */
  public static final SamplingOptions DEFAULT = new SamplingOptions(
      OptionalInt.empty(),
      List.of(),
      List.of(),
      Optional.empty(),
      Optional.empty(),
      Map.of(),
      OptionalDouble.empty(),
      0,
      1,
      0,
      1,
      Optional.empty());

  /**
   * Checks the ranges and the order of timesteps and sigmas, and copies the lists.
   *
   * @throws IllegalArgumentException if a number is out of its range, if a timestep or sigma is
   *     negative or not finite, if timesteps or sigmas do not descend, if both lists are given, or
   *     if a list's length is not {@code steps}
   */
  public SamplingOptions {
    timesteps = List.copyOf(timesteps);
    sigmas = List.copyOf(sigmas);
    schedulerOptions = Collections.unmodifiableMap(new LinkedHashMap<>(schedulerOptions));
    if (steps.orElse(1) < 1 || steps.orElse(1) > MAX_STEPS || count < 1 || count > MAX_COUNT) {
      throw new IllegalArgumentException("steps must be 1 to " + MAX_STEPS
          + ", and count must be 1 to "
          + MAX_COUNT + ", got "
          + (steps.isPresent() ? "steps " + steps.getAsInt() + " and " : "") + "count " + count);
    }
    if (!timesteps.isEmpty() && !sigmas.isEmpty()) {
      throw new IllegalArgumentException("both timesteps and sigmas were given; give one of them");
    }
    requireDescending("timesteps", timesteps);
    requireDescending("sigmas", sigmas);
    int given = timesteps.size() + sigmas.size();
    if (given > 0 && steps.orElse(given) != given) {
      throw new IllegalArgumentException(
          "steps is " + steps.getAsInt() + ", but timesteps or sigmas have length " + given
              + "; leave out steps, or give one value for each step");
    }
    steps = given > 0 ? OptionalInt.of(given) : steps;
    // A plan request refuses an eta or a denoising range that is out of its range.
    PlanRequest.of(1).denoisingRange(denoisingStart, denoisingEnd).eta(eta.orElse(0));
  }

  /**
   * {@return a copy with the given number of steps; timesteps and sigmas are removed}
   *
   * @param n the number of steps, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public SamplingOptions steps(int n) {
    return withStepValues(List.of(), List.of()).with(copy -> copy.steps = OptionalInt.of(n));
  }

  /**
   * {@return these options with a step at each of these timesteps}
   *
   * @param descending trained timesteps in descending order, at least one, each at least 0
   * @throws IllegalArgumentException if no value is given, if a value is negative, infinite or NaN,
   *     or if the values do not descend
   */
  public SamplingOptions timesteps(double... descending) {
    return withStepValues(listOf("timesteps", descending), List.of());
  }

  /**
   * {@return these options with these sigmas as sigma schedule}
   *
   * @param descending sigmas in the scheduler's unit, in descending order, at least one, each at
   *     least 0
   * @throws IllegalArgumentException if no value is given, if a value is negative, infinite or NaN,
   *     or if the values do not descend
   */
  public SamplingOptions sigmas(double... descending) {
    return withStepValues(List.of(), listOf("sigmas", descending));
  }

  private SamplingOptions withStepValues(List<Double> newTimesteps, List<Double> newSigmas) {
    return with(copy -> {
      copy.steps = OptionalInt.empty();
      copy.timesteps = newTimesteps;
      copy.sigmas = newSigmas;
    });
  }

  /**
   * {@return these options with the scheduler of the given name, which replaces a custom scheduler}
   *
   * @param name a scheduler's name
   */
  public SamplingOptions scheduler(String name) {
    return with(copy -> {
      copy.scheduler = Optional.of(name);
      copy.customScheduler = Optional.empty();
    });
  }

  /**
   * {@return these options with a scheduler object, which is used instead of a scheduler's name}
   *
   * @param other the scheduler
   */
  public SamplingOptions customScheduler(Scheduler other) {
    return with(copy -> copy.customScheduler = Optional.of(other));
  }

  /**
   * {@return these options with one more option of the scheduler}
   *
   * @param name the option's name in diffusers, such as {@code use_karras_sigmas}
   * @param value a boolean, number, text or list of numbers; null turns the option off
   */
  public SamplingOptions schedulerOption(String name, @Nullable Object value) {
    Map<String, Object> all = new LinkedHashMap<>(schedulerOptions);
    all.put(name, value);
    return with(copy -> copy.schedulerOptions = all);
  }

  /**
   * {@return a copy of these options with the given share of fresh noise in each step}
   *
   * @param share eta, 0..1
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public SamplingOptions eta(double share) {
    return with(copy -> copy.eta = OptionalDouble.of(share));
  }

  /**
   * {@return these options limited to a range of the training timesteps}
   *
   * @param start the share of the training timesteps after which sampling starts, 0..1
   * @param end the share of the training timesteps after which sampling ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  public SamplingOptions denoisingRange(double start, double end) {
    return with(copy -> {
      copy.denoisingStart = start;
      copy.denoisingEnd = end;
    });
  }

  /**
   * {@return a copy of these options with the given seed}
   *
   * @param value the seed of the first image, for torch's random generator
   */
  public SamplingOptions seed(long value) {
    return with(copy -> copy.seed = value);
  }

  /**
   * {@return a copy of these options with the given number of images}
   *
   * @param n the number of images, 1 to 100,000
   * @throws IllegalArgumentException if the number is out of this range
   */
  public SamplingOptions count(int n) {
    return with(copy -> copy.count = n);
  }

  /**
   * {@return these options with the given initial noise, instead of the noise of the seed}
   *
   * @param unit Gaussian noise of unit variance, of the shape of the latents
   */
  public SamplingOptions noise(Latents unit) {
    return with(copy -> copy.noise = Optional.of(unit));
  }

  /** {@return these options without given noise, so that the noise of the seed is used} */
  public SamplingOptions withoutNoise() {
    return with(copy -> copy.noise = Optional.empty());
  }

  /** {@return true if timesteps or sigmas are given} */
  public boolean hasCustomSchedule() {
    return !timesteps.isEmpty() || !sigmas.isEmpty();
  }

  private static void requireDescending(String what, List<Double> values) {
    double above = Double.POSITIVE_INFINITY;
    for (double value : values) {
      if (!(value < above && value >= 0 && value <= Float.MAX_VALUE)) {
        String place = above == Double.POSITIVE_INFINITY ? " as the first" : " after " + above;
        throw new IllegalArgumentException(
            what + " must be finite floats, at least 0 and descending, got " + value + place);
      }
      above = value;
    }
  }

  private static List<Double> listOf(String what, double[] given) {
    if (given.length == 0) {
      throw new IllegalArgumentException(
          "no " + what + " given; give at least one, or a number of steps");
    }
    return DoubleStream.of(given).boxed().toList();
  }

  private SamplingOptions with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.options();
  }

  private static final class Copy {
    private OptionalInt steps;
    private List<Double> timesteps;
    private List<Double> sigmas;
    private Optional<String> scheduler;
    private Optional<Scheduler> customScheduler;
    private Map<String, Object> schedulerOptions;
    private OptionalDouble eta;
    private double denoisingStart;
    private double denoisingEnd;
    private long seed;
    private int count;
    private Optional<Latents> noise;

    private Copy(SamplingOptions options) {
      steps = options.steps;
      timesteps = options.timesteps;
      sigmas = options.sigmas;
      scheduler = options.scheduler;
      customScheduler = options.customScheduler;
      schedulerOptions = options.schedulerOptions;
      eta = options.eta;
      denoisingStart = options.denoisingStart;
      denoisingEnd = options.denoisingEnd;
      seed = options.seed;
      count = options.count;
      noise = options.noise;
    }

    private SamplingOptions options() {
      return new SamplingOptions(
          steps,
          timesteps,
          sigmas,
          scheduler,
          customScheduler,
          schedulerOptions,
          eta,
          denoisingStart,
          denoisingEnd,
          seed,
          count,
          noise);
    }
  }
}
