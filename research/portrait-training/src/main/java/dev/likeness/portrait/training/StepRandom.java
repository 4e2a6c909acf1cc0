package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import java.util.Random;

/**
 * Random numbers of one step, or of one share of it. They depend on the training's seed and the
 * step's number alone, so that a resumed training computes what one without a break computes.
 */
final class StepRandom {
  private StepRandom() {}

  /** Random numbers that choose images and how they are altered. */
  static Random choices(long seed, long number) {
    return new Random(seed * 31 + number);
  }

  /** Noise for tensors; the caller closes it. */
  static NoiseSource noise(long seed, long number) {
    return NoiseSource.seeded(seed * 1_000_003 + number);
  }
}
