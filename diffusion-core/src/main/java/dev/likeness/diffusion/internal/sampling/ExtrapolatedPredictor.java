package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A network that is asked now and then; between, its last two answers are continued in a straight
 * line over the timesteps. One run's.
 *
 * <p>It is asked at rows whose distance grows by one from 1 to {@code interval}: what it answers
 * first decides what the image becomes, and a line is continued no more than about twice as far as
 * it is known. Where rows lie close together in time, as towards the end of Karras' ladder, it is
 * not asked before as much time went by as goes by in three quarters of {@code interval} rows on
 * average, since the error of a line grows with the time alone.
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
   * Around {@code network}, in the scope of its run.
   *
   * @param every at most so many rows from one asking to the next, unless they lie close together
   *     in time; from 2 on
   */
  public ExtrapolatedPredictor(Predictor network, int every, SamplingPlan plan) {
    this.network = network;
    this.interval = every;
    double[] times = plan.timesteps();
    minTimeGap =
        MIN_GAP_SHARE * every * Math.abs(times[0] - times[times.length - 1]) / times.length;
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
   * Whether both answers hold what the row asks for: some rows of a plan may want the unguided
   * answer too.
   */
  private boolean matchesStep(Step step) {
    boolean unguided = step.update().needsUnguided();
    return unguided == lastUnguided && unguided == previousUnguided;
  }

  private Tensor computed(Tensor input, Step step) {
    Tensor answer = network.predict(input, step);
    if (last.tensor() != null) {
      previous.replace(last.tensor().clone());
      previousTime = lastTime;
      previousUnguided = lastUnguided;
    }
    last.replace(answer.clone());
    computed++;
    lastRow = step.index();
    lastTime = step.timestep();
    lastUnguided = step.update().needsUnguided();
    return answer;
  }

  private Tensor extrapolate(double time) {
    // Rows of one timestep, as second-order solvers have them, say nothing of the way.
    double way = lastTime == previousTime ? 0 : (time - lastTime) / (lastTime - previousTime);
    return last.tensor().add(last.tensor().sub(previous.tensor()), new Scalar(way));
  }
}
