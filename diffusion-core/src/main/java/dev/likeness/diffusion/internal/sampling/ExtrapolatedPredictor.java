package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Evaluates a network at some rows; between, extrapolates its last two predictions linearly over
 * the timesteps. For one generation.
 *
 * <p>The distance of evaluated rows grows by one from 1 to {@code interval}, because the first rows
 * decide the composition. It also keeps each extrapolation below about twice its base. Rows may lie
 * close together in time, as at the end of a Karras schedule. Then the next evaluation waits for
 * three quarters of the average time of {@code interval} rows, because the error depends on time.
 */
public final class ExtrapolatedPredictor implements Predictor {
  private static final double MIN_GAP_SHARE = 0.75;

  private final Predictor network;
  private final int interval;
  private final double minTimeGap;
  private final CachedTensor last = new CachedTensor();
  private final CachedTensor previous = new CachedTensor();
  private int computed;
  private int lastRow;
  private double lastTime;
  private double previousTime;
  private boolean lastUnguided;
  private boolean previousUnguided;

  /**
   * Wraps a network, in the scope of its sampling loop.
   *
   * @param interval the largest distance of two evaluated rows, unless they lie close together in
   *     time; at least 2
   */
  public ExtrapolatedPredictor(Predictor network, int interval, SamplingPlan plan) {
    this.network = network;
    this.interval = interval;
    double[] times = plan.timesteps();
    minTimeGap =
        MIN_GAP_SHARE * interval * Math.abs(times[0] - times[times.length - 1]) / times.length;
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    return shouldCompute(step) || !matchesStep(step)
        ? computed(input, step)
        : extrapolate(step.timestep());
  }

  private boolean shouldCompute(Step step) {
    int gap = Math.min(interval, Math.max(1, computed - 1));
    boolean late = gap < interval || Math.abs(lastTime - step.timestep()) >= minTimeGap;
    return computed < 2 || step.index() - lastRow >= gap && late;
  }

  /**
   * Returns true if both cached predictions include the predictions that the row needs: some rows
   * need the unguided one too.
   */
  private boolean matchesStep(Step step) {
    boolean unguided = step.update().needsUnguided();
    return unguided == lastUnguided && unguided == previousUnguided;
  }

  private Tensor computed(Tensor input, Step step) {
    Tensor prediction = network.predict(input, step);
    if (last.tensor() != null) {
      previous.replace(last.tensor().clone());
      previousTime = lastTime;
      previousUnguided = lastUnguided;
    }
    last.replace(prediction.clone());
    computed++;
    lastRow = step.index();
    lastTime = step.timestep();
    lastUnguided = step.update().needsUnguided();
    return prediction;
  }

  private Tensor extrapolate(double time) {
    // Rows of one timestep, as in second-order solvers, have no slope over time.
    double share = lastTime == previousTime ? 0 : (time - lastTime) / (lastTime - previousTime);
    return last.tensor().add(last.tensor().sub(previous.tensor()), new Scalar(share));
  }
}
