package dev.likeness.lora.training;

import java.util.List;

/**
 * A mutable copy of the settings of a training, for the methods that change some of them. Only this
 * class depends on the order of the records' components.
 */
final class TrainingDraft {
  int rank;
  double alpha;
  boolean rankStabilised;
  AdapterAlgorithm algorithm;
  LoraTargets targets;
  String targetModules;
  boolean trainTextEncoder;
  PivotalTuning pivotalTuning;
  TrainingOptimizer optimizer;
  double learningRate;
  LearningRateScheduler learningRateScheduler;
  int warmupSteps;
  int learningRateCycles;
  double weightDecay;
  double maxGradNorm;
  int gradientAccumulationSteps;
  boolean gradientCheckpointing;
  double emaDecay;
  boolean stochasticRounding;
  double minSnrGamma;
  boolean debiasedEstimation;
  double noiseOffset;
  double inputPerturbation;
  double focusWeight;
  double priorLossWeight;
  double distillationGuidance;
  int batchSize;
  boolean randomFlip;
  int classImages;
  List<String> captions;
  int steps;
  long seed;

  TrainingDraft(TrainingSettings from) {
    rank = from.adapter().rank();
    alpha = from.adapter().alpha();
    rankStabilised = from.adapter().rankStabilised();
    algorithm = from.adapter().algorithm();
    targets = from.adapter().targets();
    targetModules = from.adapter().targetModules();
    trainTextEncoder = from.adapter().trainTextEncoder();
    pivotalTuning = from.adapter().pivotalTuning();
    optimizer = from.optimization().optimizer();
    learningRate = from.optimization().learningRate().peak();
    learningRateScheduler = from.optimization().learningRate().scheduler();
    warmupSteps = from.optimization().learningRate().warmupSteps();
    learningRateCycles = from.optimization().learningRate().cycles();
    weightDecay = from.optimization().weightDecay();
    maxGradNorm = from.optimization().maxGradNorm();
    gradientAccumulationSteps = from.optimization().gradientAccumulationSteps();
    gradientCheckpointing = from.optimization().gradientCheckpointing();
    emaDecay = from.optimization().emaDecay();
    stochasticRounding = from.optimization().stochasticRounding();
    minSnrGamma = from.loss().minSnrGamma();
    debiasedEstimation = from.loss().debiasedEstimation();
    noiseOffset = from.loss().noiseOffset();
    inputPerturbation = from.loss().inputPerturbation();
    focusWeight = from.loss().focusWeight();
    priorLossWeight = from.loss().priorLossWeight();
    distillationGuidance = from.loss().distillationGuidance();
    batchSize = from.batches().batchSize();
    randomFlip = from.batches().randomFlip();
    classImages = from.batches().classImages();
    captions = from.batches().captions();
    steps = from.steps();
    seed = from.seed();
  }

  TrainingSettings build() {
    return new TrainingSettings(
        new AdapterSettings(
            rank,
            alpha,
            rankStabilised,
            algorithm,
            targets,
            targetModules,
            trainTextEncoder,
            pivotalTuning),
        new OptimizationSettings(
            optimizer,
            new LearningRate(learningRate, learningRateScheduler, warmupSteps, learningRateCycles),
            weightDecay,
            maxGradNorm,
            gradientAccumulationSteps,
            gradientCheckpointing,
            emaDecay,
            stochasticRounding),
        new LossSettings(
            minSnrGamma,
            debiasedEstimation,
            noiseOffset,
            inputPerturbation,
            focusWeight,
            priorLossWeight,
            distillationGuidance),
        new BatchSettings(batchSize, randomFlip, classImages, captions),
        steps,
        seed);
  }
}
