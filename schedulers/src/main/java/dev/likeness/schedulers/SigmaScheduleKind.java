package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.Sigmas;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BetaDistribution;

/**
 * The rule by which k-diffusion, Stable Diffusion web UI and ComfyUI choose the sigmas of a
 * generation (ComfyUI's "scheduler").
 */
public enum SigmaScheduleKind {
  /**
   * Sigmas at uniformly spaced timesteps, including the first and the last timestep; k-diffusion's
   * {@code get_sigmas}.
   */
  NORMAL,
  /**
   * Every n-th trained sigma, counted from the largest. Here n, which may be fractional, is the
   * number of trained sigmas divided by the number of steps.
   */
  SIMPLE,
  /** Sigmas at uniformly spaced timesteps, without the lowest timestep. */
  SGM_UNIFORM,
  /**
   * Every n-th trained sigma, counted from the second smallest. Here n is the number of trained
   * sigmas divided by the number of steps, rounded down, but at least 1.
   */
  DDIM_UNIFORM,
  /** Sigmas that are spaced uniformly in their seventh root (arXiv:2206.00364, equation 5). */
  KARRAS,
  /** Sigmas that are spaced uniformly in their logarithm. */
  EXPONENTIAL,
  /**
   * The same sigmas as {@link #EXPONENTIAL}: k-diffusion's {@code get_sigmas_polyexponential} with
   * power 1.
   */
  POLYEXPONENTIAL,
  /** Trained sigmas at the quantiles of a beta distribution (arXiv:2407.12173). */
  BETA,
  /**
   * The sigmas of the continuous variance-preserving process; k-diffusion's {@code get_sigmas_vp}.
   * They do not depend on the network.
   */
  VP,
  /** Sigmas optimised for Stable Diffusion 1.5 (Align Your Steps, arXiv:2404.14507). */
  ALIGN_YOUR_STEPS_SD15,
  /** Sigmas optimised for SDXL (Align Your Steps, arXiv:2404.14507). */
  ALIGN_YOUR_STEPS_SDXL,
  /** Sigmas optimised for Stable Video Diffusion (Align Your Steps, arXiv:2404.14507). */
  ALIGN_YOUR_STEPS_SVD,
  /**
   * Sigmas that are spaced uniformly in their arctangent, including both ends (Align Your Steps,
   * arXiv:2404.14507, theorem 3.1).
   */
  KL_OPTIMAL,
  /**
   * Sigmas for flow networks (Mochi 1). In the first half of the steps, sigma falls linearly by
   * 1/40 of its start value. In the second half, it falls quadratically.
   */
  LINEAR_QUADRATIC,
  /**
   * Sigmas for flow networks (ComfyUI's RES4LYF nodes). Sigma follows two arctangent curves that
   * meet at sigma 0.5.
   */
  BONG_TANGENT;

  private static final double[] SD15 = {
    14.6146412293,
    6.4745760956,
    3.8636745985,
    2.6946151520,
    1.8841921177,
    1.3943805092,
    0.9642583904,
    0.6523686016,
    0.3977456272,
    0.1515232662,
    0.0291671582
  };
  private static final double[] SDXL = {
    14.6146412293,
    6.3184485287,
    3.7681790315,
    2.1811480769,
    1.3405244945,
    0.8620721141,
    0.5550693289,
    0.3798540708,
    0.2332364134,
    0.1114188177,
    0.0291671582
  };
  private static final double[] SVD = {
    700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002
  };

  /**
   * {@return the sigma schedule with the given name, such as {@code karras} or {@code sgm_uniform}}
   *
   * @param name the name, in upper or lower case, with spaces, hyphens or underscores
   * @throws IllegalArgumentException if no sigma schedule has this name; the message lists the
   *     names
   */
  public static SigmaScheduleKind parse(String name) {
    String wanted = name.toUpperCase(Locale.ROOT).replace(' ', '_').replace('-', '_');
    return Arrays.stream(values())
        .filter(shape -> shape.name().equals(wanted))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown sigma schedule \"" + name
            + "\"; known: " + Arrays.toString(values()).toLowerCase(Locale.ROOT)));
  }

  /**
   * {@return the sigmas of a generation in descending order, followed by 0}
   *
   * @param table the sigmas that the network was trained at
   * @param steps the number of steps, at least 1; {@link #DDIM_UNIFORM} may return sigmas for more
   *     or fewer steps, {@link #BETA} for fewer
   */
  public double[] sigmas(TrainedSigmas table, int steps) {
    double[] known = table.sigmas();
    double min = known[0];
    double max = known[known.length - 1];
    double[] above =
        switch (this) {
          case NORMAL ->
            Sigmas.map(
                Sigmas.linspace(table.timestep(max), table.timestep(min), steps), table::sigma);
          case SGM_UNIFORM ->
            Arrays.copyOf(
                Sigmas.map(
                    Sigmas.linspace(table.timestep(max), table.timestep(min), steps + 1),
                    table::sigma),
                steps);
          case SIMPLE ->
            IntStream.range(0, steps)
                .mapToDouble(i ->
                    known[known.length - 1 - (int) (i * ((double) known.length / steps))])
                .toArray();
          case DDIM_UNIFORM -> everyNth(known, Math.max(known.length / steps, 1));
          case KARRAS -> Sigmas.karras(max, min, steps);
          case EXPONENTIAL, POLYEXPONENTIAL -> Sigmas.exponential(max, min, steps);
          case BETA -> betaQuantiles(known, steps);
          case VP -> Sigmas.variancePreserving(19.9, 0.1, 1e-3, steps);
          case ALIGN_YOUR_STEPS_SD15 -> logLinearInterp(SD15, steps);
          case ALIGN_YOUR_STEPS_SDXL -> logLinearInterp(SDXL, steps);
          case ALIGN_YOUR_STEPS_SVD -> logLinearInterp(SVD, steps);
          case KL_OPTIMAL ->
            Sigmas.map(Sigmas.linspace(Math.atan(max), Math.atan(min), steps), Math::tan);
          case LINEAR_QUADRATIC -> linearQuadratic(max, steps);
          case BONG_TANGENT -> bongTangent(steps);
        };
    return Arrays.copyOf(above, above.length + 1);
  }

  private static double[] everyNth(double[] known, int n) {
    int count = (known.length - 2) / n + 1;
    return IntStream.range(0, count)
        .mapToDouble(i -> known[1 + (count - 1 - i) * n])
        .toArray();
  }

  private static double[] betaQuantiles(double[] known, int steps) {
    var distribution = new BetaDistribution(null, 0.6, 0.6, 1e-15);
    return IntStream.range(0, steps)
        .mapToDouble(i -> 1 - (double) i / steps)
        .map(share ->
            Math.rint(distribution.inverseCumulativeProbability(share) * (known.length - 1)))
        .distinct()
        .map(place -> known[(int) place])
        .toArray();
  }

  // Linear in log sigma between the optimised sigmas; the lowest is replaced by 0.
  private static double[] logLinearInterp(double[] levels, int steps) {
    return IntStream.range(0, steps)
        .mapToDouble(i -> {
          double place = (double) i / steps * (levels.length - 1);
          int above = (int) Math.floor(place);
          double share = place - above;
          return Math.exp(
              (1 - share) * Math.log(levels[above]) + share * Math.log(levels[above + 1]));
        })
        .toArray();
  }

  private static double[] linearQuadratic(double max, int steps) {
    // threshold_noise of ComfyUI's linear_quadratic_schedule.
    double even = 0.025;
    int half = steps / 2;
    int rest = steps - half;
    double slope = half == 0 ? 0 : even / half;
    double curve = (1 - even - slope * rest) / (rest * rest);
    return IntStream.range(0, steps)
        .mapToDouble(i -> max * (1 - slope * i - curve * Math.pow(Math.max(0, i - half), 2)))
        .toArray();
  }

  private static double[] bongTangent(int steps) {
    int places = steps + 2;
    int pivot = (int) (places * 0.6);
    double slope = 0.2 / (places / 40.0);
    double[] upper = arc(pivot, slope, pivot, 1, 0.5);
    double[] lower = arc(places - pivot, slope, 0, 0.5, 0);
    double[] all = Arrays.copyOf(upper, upper.length - 1 + lower.length);
    System.arraycopy(lower, 0, all, upper.length - 1, lower.length);
    return Arrays.copyOf(all, all.length - 1);
  }

  private static double[] arc(int count, double slope, double pivot, double start, double end) {
    double top = Math.atan(slope * pivot);
    double bottom = Math.atan(-slope * (count - 1 - pivot));
    return IntStream.range(0, count)
        .mapToDouble(
            x -> (Math.atan(-slope * (x - pivot)) - bottom) / (top - bottom) * (start - end) + end)
        .toArray();
  }
}
