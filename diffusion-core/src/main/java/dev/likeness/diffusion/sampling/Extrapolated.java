package dev.likeness.diffusion.sampling;

import dev.likeness.diffusion.tensor.Carried;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A network that is asked now and then; between, its last two answers are continued in a straight line over the
 * timesteps. The first rows, which decide what the picture becomes, and the last one are always asked. One run's.
 */
public final class Extrapolated implements NoisePredictor {
  private static final int FIRST = 3;

  private final NoisePredictor network;
  private final int every;
  private final int rows;
  private final Carried last = new Carried();
  private final Carried before = new Carried();
  private double lastTime;
  private double beforeTime;
  private boolean lastUnguided;
  private boolean beforeUnguided;

  /**
   * Around {@code network}, in the scope of its run.
   *
   * @param every of how many rows one is asked
   * @param rows of the plan
   */
  public Extrapolated(NoisePredictor network, int every, int rows) {
    this.network = network;
    this.every = every;
    this.rows = rows;
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    int row = step.index();
    boolean asks = row < FIRST || row == rows - 1 || (row - FIRST + 1) % every == 0;
    return asks || !isLike(step) ? asked(input, step) : continued(step.timestep());
  }

  /** Whether both answers hold what the row asks for: some rows of a plan may want the unguided answer too. */
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
