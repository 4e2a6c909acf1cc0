package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

/**
 * How a training moves the weights.
 *
 * @param optimizer the optimiser
 * @param learningRate the learning rate at each step
 * @param weightDecay weight decay of the optimiser, from 0
 * @param maxGradNorm the maximum norm of all gradients together (gradient clipping), above 0
 * @param gradientAccumulationSteps number of batches whose gradients are averaged for each
 *     optimiser step, from 1
 * @param gradientCheckpointing true to recompute activations instead of keeping them (gradient
 *     checkpointing)
 * @param emaDecay decay of the exponential moving average (EMA) of the weights, below 1; 0 for no
 *     average
 * @param stochasticRounding true if {@link dev.likeness.lora.DreamBooth} keeps its weights in bf16
 *     with stochastic rounding (Zamirai et al. 2020, arXiv:2010.06192). This halves the memory of
 *     weights and gradients. The base must compute in bf16
 */
public record OptimizationSettings(
    TrainingOptimizer optimizer,
    LearningRate learningRate,
    double weightDecay,
    double maxGradNorm,
    int gradientAccumulationSteps,
    boolean gradientCheckpointing,
    double emaDecay,
    boolean stochasticRounding) {
  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range, or stochastic rounding is
   *     combined with Prodigy
   */
  public OptimizationSettings {
    require(weightDecay >= 0, "weightDecay", "at least 0", weightDecay);
    require(maxGradNorm > 0, "maxGradNorm", "above 0", maxGradNorm);
    require(
        gradientAccumulationSteps >= 1,
        "gradientAccumulationSteps",
        "at least 1",
        gradientAccumulationSteps);
    require(emaDecay >= 0 && emaDecay < 1, "emaDecay", "at least 0 and below 1", emaDecay);
    if (stochasticRounding && optimizer == TrainingOptimizer.PRODIGY) {
      throw new IllegalArgumentException(
          "Prodigy does not work with stochastic rounding, because bf16 rounds away the distances"
              + " that Prodigy measures; choose another optimiser, or turn off stochastic"
              + " rounding");
    }
  }
}
