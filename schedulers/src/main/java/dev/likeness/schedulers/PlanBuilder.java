package dev.likeness.schedulers;

import dev.likeness.schedulers.Combination.Kind;
import dev.likeness.schedulers.Combination.Symbol;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A plan while a solver writes it: each call of the network opens a row, and the sample of the next
 * call closes it.
 *
 * <p>Not for several threads; a draft is used once.
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
   * An empty plan.
   *
   * @param network how the network is called at a noise level, such as {@code Prediction.V::at}
   * @param clipping what happens to its denoised predictions
   */
  public PlanBuilder(Function<NoiseLevel, Step.Scaling> network, Clipping clipping) {
    this.scaling = network;
    this.clipping = clipping;
  }

  /** Whether denoised predictions are clipped. */
  public boolean isClipping() {
    return !clipping.isOff();
  }

  /** The first sample. */
  public Combination start() {
    return Combination.of(new Symbol(Kind.SAMPLE, 0));
  }

  /** The first sample, begun with noise of this standard deviation in place of the ladder's. */
  public Combination start(double noise) {
    startNoise = noise;
    return start();
  }

  /** The standard deviation of the first sample's noise, given the ladder's. */
  public double startNoise(double sigmaSchedules) {
    return Double.isNaN(startNoise) ? sigmaSchedules : startNoise;
  }

  /** Calls the network on a sample at a noise level, which opens the next row. */
  public Call call(Combination x, double timestep, NoiseLevel level) {
    return call(x, timestep, level, scaling.apply(level));
  }

  /** Calls the network with a scaling of the solver's own. */
  public Call call(Combination x, double timestep, NoiseLevel level, Step.Scaling scaling) {
    close(x);
    openCall = new Call(steps.size(), timestep, level, scaling, isClipping());
    return openCall;
  }

  /** Fresh unit noise, drawn in the open row; at most once in each. */
  public Combination noise() {
    if (noiseUsed || openCall == null) {
      throw new IllegalStateException(
          "noise is drawn once in each row, after the network is called");
    }
    noiseUsed = true;
    return Combination.of(new Symbol(Kind.NOISE, openCall.row()));
  }

  /** Fresh noise whose scale the network predicts, drawn in the open row. */
  public Combination noise(Step.LearnedVariance scale) {
    variance = scale;
    return noise();
  }

  /** The rows, of which the last yields {@code x}. */
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
