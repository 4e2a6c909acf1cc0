package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An immutable table of a whole sampling loop, with one row for each network call. All numbers of
 * the table are known before the first call.
 *
 * <p>The sampling loop starts with the sample that {@link #start()} or {@link #initNoiseSigma()}
 * describes, and executes the rows in order. The result of the last row is the result of the plan.
 */
public final class SamplingPlan implements Iterable<Step> {
  private final List<Step> steps;
  private final Start start;
  private final double initNoiseSigma;
  private final int rowsPerStep;

  /**
   * Creates a plan with one row in each step.
   *
   * @param steps the rows, in order; may be empty
   * @param start the first sample if there is an initial image
   * @param pureNoise the factor of unit noise in the first sample if there is no initial image
   */
  public SamplingPlan(List<Step> steps, Start start, double pureNoise) {
    this(steps, start, pureNoise, 1);
  }

  /**
   * Creates a plan with the same number of rows in each step.
   *
   * @param steps the rows, in order; may be empty
   * @param start the first sample if there is an initial image
   * @param initNoiseSigma the factor of unit noise in the first sample if there is no initial image
   * @param rowsPerStep the number of rows in each step, at least 1
   */
  public SamplingPlan(List<Step> steps, Start start, double initNoiseSigma, int rowsPerStep) {
    this.steps = List.copyOf(steps);
    this.start = start;
    this.initNoiseSigma = initNoiseSigma;
    this.rowsPerStep = rowsPerStep;
  }

  /** {@return the rows, in order} */
  public List<Step> steps() {
    return steps;
  }

  /**
   * {@return the factors of the initial image and the noise in the first sample; unused without an
   * initial image}
   */
  public Start start() {
    return start;
  }

  /**
   * {@return the factor of unit noise in the first sample if there is no initial image (diffusers:
   * {@code init_noise_sigma})}
   */
  public double initNoiseSigma() {
    return initNoiseSigma;
  }

  /**
   * {@return the noise level of the part that an inpainting mask keeps, in the sample of a row}
   *
   * <p>In the first row of a step, the result is the level of the row. In later rows of a step, it
   * is the level of the next step, as in diffusers; in the last step, it is the level of the last
   * row. After the last row, the result is {@link NoiseLevel#CLEAN}.
   *
   * @param row the row, from 0; {@link #size()} for the result of the plan
   */
  public NoiseLevel keptRegionLevel(int row) {
    int stepStart = (row + rowsPerStep - 1) / rowsPerStep * rowsPerStep;
    return row >= steps.size()
        ? NoiseLevel.CLEAN
        : steps.get(Math.min(stepStart, steps.size() - 1)).level();
  }

  /** {@return the number of rows, which is the number of network calls} */
  public int size() {
    return steps.size();
  }

  /**
   * {@return the largest number of rows that the update of one row reads, including this row; at
   * least 1}
   */
  public int historyLength() {
    return steps.stream()
        .map(Step::update)
        .mapToInt(SamplingPlan::historyLength)
        .max()
        .orElse(1);
  }

  private static int historyLength(Step.Update u) {
    return Stream.of(
            u.samples(),
            u.unblended(),
            u.denoised(),
            u.raw(),
            u.unguided(),
            u.modelOutputs(),
            u.noise())
        .mapToInt(factors -> factors.length)
        .max()
        .orElse(0);
  }

  /** {@return the timesteps that the network is called with, in order} */
  public double[] timesteps() {
    return steps.stream().mapToDouble(Step::timestep).toArray();
  }

  @Override
  public Iterator<Step> iterator() {
    return steps.iterator();
  }

  /** {@return this table as text, with one line for each row} */
  @Override
  public String toString() {
    var table = new StringBuilder(String.format(
        Locale.ROOT,
        "start %.6g x0 + %.6g n, or %.6g n%n%4s %10s %10s %10s  %s%n",
        start.signal(),
        start.noise(),
        initNoiseSigma,
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
          formula(step.update())));
    }
    return table.toString();
  }

  /**
   * {@return a text plot of {@code sigma / alpha} over the rows, for a console} Rows without signal
   * or without noise are left out.
   */
  public String plot() {
    return SigmaPlot.of(steps);
  }

  private static String formula(Step.Update update) {
    var text = new StringBuilder();
    append(text, "x", update.samples());
    append(text, "a", update.unblended());
    append(text, "D", update.denoised());
    append(text, "R", update.raw());
    append(text, "U", update.unguided());
    append(text, "F", update.modelOutputs());
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

  /** A text plot of {@code sigma / alpha} on a log scale, with at most 100 columns. */
  static final class SigmaPlot {
    private static final int HEIGHT = 16;
    private static final int WIDTH = 100;

    private SigmaPlot() {}

    static String of(List<Step> steps) {
      if (steps.isEmpty()) {
        return "no rows";
      }
      double[] logs = steps.stream()
          .map(Step::level)
          .filter(level -> level.alpha() > 0 && level.sigma() > 0)
          .mapToDouble(level -> Math.log10(level.ratio()))
          .toArray();
      double max = max(logs, 1);
      double min = -max(logs, -1);
      int width = Math.min(WIDTH, logs.length);
      var plot = new StringBuilder();
      for (int line = 0; line < HEIGHT; line++) {
        double value = max - line * (max - min) / (HEIGHT - 1);
        plot.append(String.format(Locale.ROOT, "%9.3g |", Math.pow(10, value)));
        for (int column = 0; column < width; column++) {
          double log = logs[(int) ((long) column * logs.length / width)];
          int place = max == min ? 0 : (int) Math.rint((max - log) / (max - min) * (HEIGHT - 1));
          plot.append(place == line ? '*' : ' ');
        }
        plot.append(System.lineSeparator());
      }
      return plot.append(" ".repeat(10))
          .append('+')
          .append("-".repeat(width))
          .append(" row")
          .toString();
    }

    private static double max(double[] values, int sign) {
      double max = Double.NEGATIVE_INFINITY;
      for (double value : values) {
        max = Math.max(max, sign * value);
      }
      return max;
    }
  }

  /**
   * The first sample if there is an initial image: {@code signal * x0 + noise * n}.
   *
   * @param signal the factor of the clean image latents
   * @param noise the factor of unit Gaussian noise
   */
  public record Start(double signal, double noise) {}
}
