package dev.likeness.schedulers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Executes a sampling plan on {@code double[]}. It is the reference for the sampling loop on
 * tensors, and can be used in JShell.
 */
public final class NumericSamplingLoop {
  /** A network whose input and output are arrays of numbers. */
  @FunctionalInterface
  public interface Network {
    /**
     * {@return the network's output for a scaled sample, in a new array of the sample's length} A
     * network with a learned variance returns an array of twice the length, with the variance in
     * the second half.
     *
     * @param x the scaled sample; must not be changed
     * @param timestep the timestep, which may be fractional
     */
    double[] predict(double[] x, double timestep);

    /**
     * {@return the network's output without guidance; by default, the guided output} The loop calls
     * this method only for rows of the plan with {@link Step.Update#needsUnguided}.
     *
     * @param x the scaled sample; must not be changed
     * @param timestep the timestep, which may be fractional
     * @param guided the output of {@link #predict} for the same sample
     */
    default double[] unguided(double[] x, double timestep, double[] guided) {
      return guided;
    }
  }

  private final Network network;
  private final Supplier<double[]> noise;

  /**
   * Creates a loop.
   *
   * @param network the network
   * @param noise supplies Gaussian noise of variance 1 as a new array of the sample's length;
   *     called once for each row of the plan with {@link Step.Update#needsNoise}
   */
  public NumericSamplingLoop(Network network, Supplier<double[]> noise) {
    this.network = network;
    this.noise = noise;
  }

  /**
   * {@return the result of a plan, as a new array; {@code first} itself if the plan has no rows}
   *
   * @param first the first sample, as {@link SamplingPlan#start()} or
   *     {@link SamplingPlan#initNoiseSigma()} describes it; not changed
   * @param plan the plan, whose rows are executed in order
   */
  public double[] sample(double[] first, SamplingPlan plan) {
    List<double[]> path = trajectory(first, plan);
    return path.get(path.size() - 1);
  }

  /**
   * {@return a new list: {@code first} itself, then the result of each row of the plan}
   *
   * @param first the first sample, as {@link SamplingPlan#start()} or
   *     {@link SamplingPlan#initNoiseSigma()} describes it; not changed
   * @param plan the plan, whose rows are executed in order
   */
  public List<double[]> trajectory(double[] first, SamplingPlan plan) {
    List<double[]> samples = new ArrayList<>(List.of(first));
    List<double[]> denoised = new ArrayList<>();
    List<double[]> raw = new ArrayList<>();
    List<double[]> unguided = new ArrayList<>();
    List<double[]> outputs = new ArrayList<>();
    List<double[]> noises = new ArrayList<>();
    for (Step step : plan) {
      double[] x = samples.get(samples.size() - 1);
      Step.Scaling c = step.scaling();
      double[] input = sum(x.length, c.input(), x);
      double[] prediction = network.predict(input, step.timestep());
      outputs.add(prediction);
      raw.add(sum(x.length, c.skip(), x, c.output(), prediction));
      unguided.add(
          !step.update().needsUnguided()
              ? raw.get(raw.size() - 1)
              : sum(
                  x.length,
                  c.skip(),
                  x,
                  c.output(),
                  network.unguided(input, step.timestep(), prediction)));
      denoised.add(step.clipping().apply(raw.get(raw.size() - 1)));
      noises.add(
          step.update().needsNoise()
              ? scaleNoise(noise.get(), step.variance(), prediction)
              : new double[x.length]);
      double[] next = new double[x.length];
      add(next, step.update().samples(), samples);
      add(next, step.update().unblended(), samples);
      add(next, step.update().denoised(), denoised);
      add(next, step.update().raw(), raw);
      add(next, step.update().unguided(), unguided);
      add(next, step.update().modelOutputs(), outputs);
      add(next, step.update().noise(), noises);
      samples.add(next);
    }
    return samples;
  }

  private static double[] scaleNoise(
      double[] noise, Step.LearnedVariance variance, double[] prediction) {
    if (variance.kind() == Step.LearnedVariance.Kind.NONE) {
      return noise;
    }
    double[] scaled = new double[noise.length];
    Arrays.setAll(scaled, j -> noise[j] * variance.scale(prediction[noise.length + j]));
    return scaled;
  }

  private static void add(double[] to, double[] factors, List<double[]> history) {
    for (int k = 0; k < factors.length; k++) {
      double[] term = history.get(history.size() - 1 - k);
      for (int j = 0; j < to.length; j++) {
        to[j] += factors[k] * term[j];
      }
    }
  }

  private static double[] sum(int length, double factor, double[] x) {
    return sum(length, factor, x, 0, x);
  }

  private static double[] sum(int length, double a, double[] x, double b, double[] y) {
    double[] sum = new double[length];
    for (int j = 0; j < length; j++) {
      sum[j] = a * x[j] + b * y[j];
    }
    return sum;
  }
}
