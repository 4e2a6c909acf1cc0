package dev.likeness.portrait.training.adapter;

import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import java.nio.file.Path;

/**
 * The values of an {@link AdapterTraining} while some of them are changed: the one place that knows
 * the order of its components.
 */
final class AdapterTrainingBuilder {
  IdentityMethod method;
  int tokens;
  ResamplerConfig resampler;
  int rank;
  Path initialAdapter;
  int steps;
  int batchSize;
  double learningRate;
  int warmupSteps;
  int cooldownSteps;
  double minSnrGamma;
  boolean muon;
  double weightDecay;
  double maxGradNorm;
  double dropRate;
  double timestepShift;
  long seed;

  AdapterTrainingBuilder(AdapterTraining from) {
    method = from.method();
    tokens = from.tokens();
    resampler = from.resampler();
    rank = from.rank();
    initialAdapter = from.initialAdapter();
    steps = from.steps();
    batchSize = from.batchSize();
    learningRate = from.learningRate();
    warmupSteps = from.warmupSteps();
    cooldownSteps = from.cooldownSteps();
    minSnrGamma = from.minSnrGamma();
    muon = from.muon();
    weightDecay = from.weightDecay();
    maxGradNorm = from.maxGradNorm();
    dropRate = from.dropRate();
    timestepShift = from.timestepShift();
    seed = from.seed();
  }

  AdapterTraining build() {
    return new AdapterTraining(
        method,
        tokens,
        resampler,
        rank,
        initialAdapter,
        steps,
        batchSize,
        learningRate,
        warmupSteps,
        cooldownSteps,
        minSnrGamma,
        muon,
        weightDecay,
        maxGradNorm,
        dropRate,
        timestepShift,
        seed);
  }
}
