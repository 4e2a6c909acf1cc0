package dev.likeness.portrait.training.adapter;

import dev.likeness.ipadapter.internal.file.AdapterLayout.Resampling;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import java.nio.file.Path;

/**
 * The values of an {@link AdapterTraining} while some of them are changed: the one place that knows
 * the order of its components.
 */
final class AdapterDraft {
  IpAdapterVariant kind;
  int tokens;
  Resampling shape;
  int rank;
  Path start;
  int steps;
  int batch;
  double learningRate;
  int warmup;
  int cooldown;
  double minSnrGamma;
  boolean orthogonal;
  double weightDecay;
  double longestGradient;
  double drop;
  double timestepShift;
  long seed;

  AdapterDraft(AdapterTraining from) {
    kind = from.kind();
    tokens = from.tokens();
    shape = from.shape();
    rank = from.rank();
    start = from.start();
    steps = from.steps();
    batch = from.batch();
    learningRate = from.learningRate();
    warmup = from.warmup();
    cooldown = from.cooldown();
    minSnrGamma = from.minSnrGamma();
    orthogonal = from.orthogonal();
    weightDecay = from.weightDecay();
    longestGradient = from.longestGradient();
    drop = from.drop();
    timestepShift = from.timestepShift();
    seed = from.seed();
  }

  AdapterTraining made() {
    return new AdapterTraining(
        kind,
        tokens,
        shape,
        rank,
        start,
        steps,
        batch,
        learningRate,
        warmup,
        cooldown,
        minSnrGamma,
        orthogonal,
        weightDecay,
        longestGradient,
        drop,
        timestepShift,
        seed);
  }
}
