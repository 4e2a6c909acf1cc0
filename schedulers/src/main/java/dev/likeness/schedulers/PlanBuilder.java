package dev.likeness.schedulers;

import dev.likeness.schedulers.Combination.Kind;
import dev.likeness.schedulers.Combination.Symbol;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Collects the rows of a plan, one for each network call, while a solver computes them. Each
 * {@link #call} opens a row. The next {@link #call} or {@link #build} closes this row. The row's
 * result is the argument {@code x} of the method call that closes the row.
 *
 * <p>Not thread-safe. Each plan needs a new builder.
 */
public final class PlanBuilder {
  private final Function<NoiseLevel, Step.Scaling> scaling;
  private final Clipping clipping;
  private final List<Step> steps = new ArrayList<>();
  private Call openCall;
  private Step.LearnedVariance variance = Step.LearnedVariance.NONE;
  private boolean noiseUsed;
  private double startNoise = Double.NaN;

  /**
   * Creates a builder of a plan that has no rows yet.
   *
   * @param scaling maps a noise level to the scaling of the network's input and output, such as
   *     {@code Prediction.V::scaling}
   * @param clipping the clipping of denoised predictions
   */
  public PlanBuilder(Function<NoiseLevel, Step.Scaling> scaling, Clipping clipping) {
    this.scaling = scaling;
    this.clipping = clipping;
  }

  /** {@return true if denoised predictions are clipped} */
  public boolean isClipping() {
    return !clipping.isOff();
  }

  /** {@return the first sample, with the amount of noise that the sigma schedule starts with} */
  public Combination start() {
    return Combination.of(new Symbol(Kind.SAMPLE, 0));
  }

  /**
   * {@return the first sample, with a given amount of noise in place of the sigma schedule's
   * amount}
   *
   * @param noise the standard deviation of the noise, at least 0
   */
  public Combination start(double noise) {
    startNoise = noise;
    return start();
  }

  /**
   * {@return the standard deviation of the first sample's noise: the argument of the last
   * {@link #start(double)} call, or {@code ofSchedule} if there was no such call}
   *
   * @param ofSchedule the standard deviation at the start of the sigma schedule, at least 0
   */
  public double startNoise(double ofSchedule) {
    return Double.isNaN(startNoise) ? ofSchedule : startNoise;
  }

  /**
   * Plans a call of the network: closes the open row, if there is one, and opens a new row.
   *
   * @param x the sample that the network is called with; also the result of the closed row
   * @param timestep the timestep that the network is called with; may be fractional
   * @param level the noise level of the sample
   * @return the input sample and the predictions of the new row
   * @throws IllegalArgumentException if the network cannot be called at this level, or if the call
   *     closes a row and a factor of {@code x} is infinite or NaN
   */
  public Call call(Combination x, double timestep, NoiseLevel level) {
    return call(x, timestep, level, scaling.apply(level));
  }

  /**
   * Plans a call of the network: closes the open row, if there is one, and opens a new row. The new
   * row uses the given scaling, not the scaling that the constructor's parameter {@code network}
   * returns for the level.
   *
   * @param x the sample that the network is called with; also the result of the closed row
   * @param timestep the timestep that the network is called with; may be fractional
   * @param level the noise level of the sample
   * @param scaling the scaling of input and output
   * @return the input sample and the predictions of the new row
   * @throws IllegalArgumentException if the call closes a row and a factor of {@code x} is infinite
   *     or NaN
   */
  public Call call(Combination x, double timestep, NoiseLevel level, Step.Scaling scaling) {
    close(x);
    openCall = new Call(steps.size(), timestep, level, scaling, isClipping());
    return openCall;
  }

  /**
   * {@return fresh Gaussian noise of variance 1 for the open row} Each row can use noise only once.
   *
   * @throws IllegalStateException if no row is open, or if the open row already uses noise
   */
  public Combination noise() {
    if (openCall == null) {
      throw new IllegalStateException("noise() needs an open row; call the network first");
    }
    if (noiseUsed) {
      throw new IllegalStateException("row " + openCall.row()
          + " already uses noise; call noise() only once after each call of the network");
    }
    noiseUsed = true;
    return Combination.of(new Symbol(Kind.NOISE, openCall.row()));
  }

  /**
   * {@return fresh noise for the open row, with a scale that the network predicts} Each row can use
   * noise only once.
   *
   * @param scale the rule that computes the scale from the network's output
   * @throws IllegalStateException if no row is open, or if the open row already uses noise
   */
  public Combination noise(Step.LearnedVariance scale) {
    variance = scale;
    return noise();
  }

  /**
   * {@return the rows, in order; unmodifiable}
   *
   * @param x the result of the last row
   * @throws IllegalArgumentException if a factor of {@code x} is infinite or NaN
   */
  public List<Step> build(Combination x) {
    close(x);
    openCall = null;
    return List.copyOf(steps);
  }

  private void close(Combination x) {
    if (openCall == null) {
      return;
    }
    int row = openCall.row();
    var update = new Step.Update(
        x.factors(Kind.SAMPLE, row),
        x.factors(Kind.UNBLENDED, row),
        x.factors(Kind.DENOISED, row),
        x.factors(Kind.RAW, row),
        x.factors(Kind.UNGUIDED, row),
        x.factors(Kind.MODEL_OUTPUT, row),
        x.factors(Kind.NOISE, row),
        noiseUsed,
        openCall.needsUnguided());
    steps.add(new Step(
        row,
        openCall.timestep(),
        openCall.level(),
        openCall.scaling(),
        clipping,
        update,
        variance));
    noiseUsed = false;
    variance = Step.LearnedVariance.NONE;
  }
}
