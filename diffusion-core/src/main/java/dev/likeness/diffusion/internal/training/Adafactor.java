package dev.likeness.diffusion.internal.training;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Adafactor: Adam without a first moment, whose second moment of each matrix is stored as one row
 * and one column (Shazeer and Stern 2018, arXiv:1804.04235, algorithms 4 and 5).
 *
 * <p>With relative learning rates it equals {@code torch.optim.Adafactor}. With absolute ones, its
 * steps are as long as those of {@code transformers}' {@code optimization.py} without
 * {@code scale_parameter} and {@code relative_step}.
 */
public final class Adafactor extends Optimizer.BaseOptimizer {
  /** The lower bound of squared gradients: the resolution of f32. */
  private static final double SMALLEST = 1.1920928955078125e-7;

  // The defaults of transformers' Adafactor: eps[1], decay_rate and clip_threshold.
  private static final double SMALLEST_SIZE = 1e-3;
  private static final double DECAY = -0.8;
  private static final double CLIP = 1;

  private final double weightDecay;
  private final boolean relative;

  /**
   * Creates the optimiser with the settings of the paper.
   *
   * @param relative true if a learning rate is relative to the root mean square of the parameter
   *     and at most 1 / sqrt(steps); parameters near zero then hardly change. False if it is
   *     absolute
   */
  public Adafactor(double weightDecay, boolean relative) {
    this.weightDecay = weightDecay;
    this.relative = relative;
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    double alpha = relative
        ? Math.max(SMALLEST_SIZE, rootMeanSquare(parameter))
            * Math.min(learningRate, 1 / Math.sqrt(steps()))
        : learningRate;
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    Tensor update = variance(name, gradient, Math.pow(steps(), DECAY))
        .clamp_min(new Scalar(SMALLEST * SMALLEST))
        .rsqrt()
        .mul(gradient);
    double tooLong = Math.max(1, rootMeanSquare(update) / CLIP);
    parameter.sub_(update, new Scalar(alpha / tooLong));
  }

  private Tensor variance(String name, Tensor gradient, double fresh) {
    Tensor squares = gradient.square();
    if (gradient.dim() < 2) {
      return state
          .get("second", name, () -> torch.zeros_like(squares))
          .lerp_(squares, new Scalar(fresh));
    }
    Tensor rowMean = squares.mean(new long[] {-1}, true, null);
    Tensor columnMean = squares.mean(new long[] {-2}, true, null);
    Tensor rows =
        state.get("row", name, () -> torch.zeros_like(rowMean)).lerp_(rowMean, new Scalar(fresh));
    Tensor columns = state
        .get("column", name, () -> torch.zeros_like(columnMean))
        .lerp_(columnMean, new Scalar(fresh));
    Tensor whole = rows.mean(new long[] {-2}, true, null).clamp_min(new Scalar(SMALLEST));
    return torch.matmul(rows, columns).div(whole);
  }

  private static double rootMeanSquare(Tensor tensor) {
    return tensor.norm().item_double() / Math.sqrt(tensor.numel());
  }
}
