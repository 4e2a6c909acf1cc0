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
 * <p>It is asked at rows whose distance grows by one from 1 to {@code every}: what it answers first
 * decides what the picture becomes, and a line is continued no more than about twice as far as it
 * is known. Where rows lie close together in time, as towards the end of Karras' ladder, it is not
 * asked before as much time went by as goes by in three quarters of {@code every} rows on average,
 * since the error of a line grows with the time alone.
 */
public final class ExtrapolatedPredictor implements Predictor {
  private static final double NEAR = 0.75;

  private final Predictor network;
  private final int every;
  private final double near;
  private final CachedTensor last = new CachedTensor();
  private final CachedTensor before = new CachedTensor();
  private int asked;
  private int lastRow;
  private double lastTime;
  private double beforeTime;
  private boolean lastUnguided;
  private boolean beforeUnguided;

  /**
   * Around {@code network}, in the scope of its run.
   *
   * @param every at most so many rows from one asking to the next, unless they lie close together
   *     in time; from 2 on
   */
  public ExtrapolatedPredictor(Predictor network, int every, SamplingPlan plan) {
    this.network = network;
    this.every = every;
    double[] times = plan.timesteps();
    near = NEAR * every * Math.abs(times[0] - times[times.length - 1]) / times.length;
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    return asks(step) || !isLike(step) ? asked(input, step) : continued(step.timestep());
  }

  private boolean asks(Step step) {
    int gap = Math.min(every, Math.max(1, asked - 1));
    boolean late = gap < every || Math.abs(lastTime - step.timestep()) >= near;
    return asked < 2 || step.index() - lastRow >= gap && late;
  }

  /**
   * Whether both answers hold what the row asks for: some rows of a plan may want the unguided
   * answer too.
   */
  private boolean isLike(Step step) {
    boolean unguided = step.update().asksUnguided();
    return unguided == lastUnguided && unguided == beforeUnguided;
  }

  private Tensor asked(Tensor input, Step step) {
    Tensor answer = network.predict(input, step);
    if (last.tensor() != null) {
      before.replace(last.tensor().clone());
      beforeTime = lastTime;
      beforeUnguided = lastUnguided;
    }
    last.replace(answer.clone());
    asked++;
    lastRow = step.index();
    lastTime = step.timestep();
    lastUnguided = step.update().asksUnguided();
    return answer;
  }

  private Tensor continued(double time) {
    // Rows of one timestep, as second-order solvers have them, say nothing of the way.
    double way = lastTime == beforeTime ? 0 : (time - lastTime) / (lastTime - beforeTime);
    return last.tensor().add(last.tensor().sub(before.tensor()), new Scalar(way));
  }
}
