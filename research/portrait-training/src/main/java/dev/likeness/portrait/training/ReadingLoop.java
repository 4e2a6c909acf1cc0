package dev.likeness.portrait.training;

/**
 * How networks of the shape of {@link dev.likeness.headshots.internal.photo.CaptionerNetwork}
 * learn.
 */
final class ReadingLoop {
  /** The softest that images are shown, as a share of a side; see {@link Alteration}. */
  static final double SOFTEST = 0.5;

  private static final double RATE = 2e-3;

  private ReadingLoop() {}

  /** A loop of {@code steps} whose blocks and heads begin by adding nothing. */
  static TrainingLoop of(String name, int steps, long seed) {
    Hyperparameters numbers = new Hyperparameters(
        RATE, Math.min(50, steps / 4), () -> TrainingDevice.muon(0.02), 0, 0.99);
    return new TrainingLoop(
        name,
        steps,
        numbers,
        seed,
        weight -> weight.endsWith("conv2.weight") || weight.startsWith("heads."));
  }
}
