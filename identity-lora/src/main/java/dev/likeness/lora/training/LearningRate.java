package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

/**
 * The learning rate at each step of a training.
 *
 * @param peak the highest learning rate, above 0
 * @param scheduler how it changes from step to step
 * @param warmupSteps steps until the learning rate reaches its peak, from 0
 * @param cycles number of falls of {@link LearningRateScheduler#COSINE_WITH_RESTARTS}, from 1; the
 *     others ignore it
 */
public record LearningRate(
    double peak, LearningRateScheduler scheduler, int warmupSteps, int cycles) {
  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  public LearningRate {
    require(peak > 0, "learningRate", "above 0", peak);
    require(warmupSteps >= 0, "warmupSteps", "at least 0", warmupSteps);
    require(cycles >= 1, "cycles", "at least 1", cycles);
  }
}
