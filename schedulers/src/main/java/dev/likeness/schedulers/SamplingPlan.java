package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A sampling run as an immutable table: one row for each network call, all numbers known before the
 * first one.
 *
 * <p>Rows are executed in order on the sample that {@link #start()} or {@link #pureNoise()} makes;
 * what the last row yields is the result.
 */
public final class SamplingPlan implements Iterable<Step> {
  private final List<Step> steps;
  private final Start start;
  private final double pureNoise;
  private final int rowsPerStep;

  /**
   * A plan of these rows.
   *
   * @param steps the rows, in order; may be empty when nothing is to be done
   * @param start how a given image becomes the first sample
   * @param pureNoise the factor of unit noise that makes the first sample where no image is given
   */
  public SamplingPlan(List<Step> steps, Start start, double pureNoise) {
    this(steps, start, pureNoise, 1);
  }

  /** A plan of which every {@code rowsPerStep} rows are one step of its scheduler. */
  public SamplingPlan(List<Step> steps, Start start, double pureNoise, int rowsPerStep) {
    this.steps = List.copyOf(steps);
    this.start = start;
    this.pureNoise = pureNoise;
    this.rowsPerStep = rowsPerStep;
  }

  /** The rows, in order. */
  public List<Step> steps() {
    return steps;
  }

  /** How a given image becomes the first sample. */
  public Start start() {
    return start;
  }

  /** The factor of unit noise that makes the first sample where no image is given. */
  public double pureNoise() {
    return pureNoise;
  }

  /**
   * The noise level that a kept part of a picture has in the sample that a row is given: the row's
   * own, and in the later rows of a step that of the next step, as in diffusers; clean after the
   * last row.
   */
  public NoiseLevel held(int row) {
    int begun = (row + rowsPerStep - 1) / rowsPerStep * rowsPerStep;
    return row >= steps.size()
        ? NoiseLevel.CLEAN
        : steps.get(Math.min(begun, steps.size() - 1)).level();
  }

  /** The number of rows, which is the number of network calls. */
  public int size() {
    return steps.size();
  }

  /** How many rows of history the updates read, the current row included; at least 1. */
  public int reach() {
    return steps.stream().map(Step::update).mapToInt(SamplingPlan::reach).max().orElse(1);
  }

  private static int reach(Update u) {
    return Stream.of(
            u.samples(), u.arrived(), u.denoised(), u.raw(), u.unguided(), u.answers(), u.noise())
        .mapToInt(factors -> factors.length)
        .max()
        .orElse(0);
  }

  /** The timesteps that the network is given, in order. */
  public double[] timesteps() {
    return steps.stream().mapToDouble(Step::timestep).toArray();
  }

  @Override
  public Iterator<Step> iterator() {
    return steps.iterator();
  }

  /** The table: one line for each row. */
  @Override
  public String toString() {
    var table = new StringBuilder(String.format(
        Locale.ROOT,
        "start %.6g x0 + %.6g n, or %.6g n%n%4s %10s %10s %10s  %s%n",
        start.signal(),
        start.noise(),
        pureNoise,
        "row",
        "timestep",
        "alpha",
        "sigma",
        "next sample"));
    for (Step step : steps) {
      table.append(String.format(
          Locale.ROOT,
          "%4d %10.4f %10.6g %10.6g  %s%n",
          step.index(),
          step.timestep(),
          step.level().alpha(),
          step.level().sigma(),
          sum(step.update())));
    }
    return table.toString();
  }

  /** The noise over signal of the rows as a curve of characters, for a console. */
  public String plot() {
    return SigmaPlot.of(steps);
  }

  private static String sum(Update update) {
    var text = new StringBuilder();
    append(text, "x", update.samples());
    append(text, "a", update.arrived());
    append(text, "D", update.denoised());
    append(text, "R", update.raw());
    append(text, "U", update.unguided());
    append(text, "F", update.answers());
    append(text, "n", update.noise());
    return text.length() == 0 ? "0" : text.toString();
  }

  private static void append(StringBuilder text, String name, double[] factors) {
    Function<Integer, String> ago = k -> k == 0 ? name : name + "[-" + k + "]";
    for (int k = 0; k < factors.length; k++) {
      if (factors[k] != 0) {
        text.append(text.length() == 0 ? "" : " ")
            .append(String.format(Locale.ROOT, "%+.6g %s", factors[k], ago.apply(k)));
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SamplingPlan plan
        && toString().equals(plan.toString())
        && Arrays.equals(timesteps(), plan.timesteps());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
