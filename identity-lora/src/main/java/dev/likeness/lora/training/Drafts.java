package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;
import java.util.List;

/**
 * Mutable copies of the settings of a training, for the methods that change some of them. Only
 * these classes depend on the order of the records' components.
 */
final class Drafts {
  private Drafts() {}

  /** The values of a {@link LoraTraining}. */
  static final class Training {
    int rank;
    double alpha;
    LoraTargets targets;
    boolean textEncoder;
    int steps;
    int batch;
    double learningRate;
    int warmup;
    double minSnrGamma;
    double weightDecay;
    double maxGradNorm;
    boolean flip;
    int priorImages;
    double priorWeight;
    List<String> captions;
    long seed;
    OptimizerOptions options;

    Training(LoraTraining from) {
      rank = from.rank();
      alpha = from.alpha();
      targets = from.targets();
      textEncoder = from.trainTextEncoder();
      steps = from.steps();
      batch = from.batchSize();
      learningRate = from.learningRate();
      warmup = from.warmupSteps();
      minSnrGamma = from.minSnrGamma();
      weightDecay = from.weightDecay();
      maxGradNorm = from.maxGradNorm();
      flip = from.randomFlip();
      priorImages = from.classImages();
      priorWeight = from.priorLossWeight();
      captions = from.captions();
      seed = from.seed();
      options = from.optimizerOptions();
    }

    LoraTraining build() {
      return new LoraTraining(
          rank,
          alpha,
          targets,
          textEncoder,
          steps,
          batch,
          learningRate,
          warmup,
          minSnrGamma,
          weightDecay,
          maxGradNorm,
          flip,
          priorImages,
          priorWeight,
          captions,
          seed,
          options);
    }
  }

  /** The values of {@link OptimizerOptions}. */
  static final class Optimizer {
    AdapterAlgorithm algorithm;
    boolean rankStabilised;
    String targetModules;
    TrainingOptimizer optimizer;
    boolean constantLearningRate;
    int gradientAccumulationSteps;
    boolean gradientCheckpointing;
    double emaDecay;
    double noiseOffset;
    double inputPerturbation;
    boolean debiasedEstimation;
    double focusWeight;
    boolean stochasticRounding;
    double distillationGuidance;
    PivotalTuning pivotalTuning;

    Optimizer(OptimizerOptions from) {
      algorithm = from.algorithm();
      rankStabilised = from.rankStabilised();
      targetModules = from.targetModules();
      optimizer = from.optimizer();
      constantLearningRate = from.constantLearningRate();
      gradientAccumulationSteps = from.gradientAccumulationSteps();
      gradientCheckpointing = from.gradientCheckpointing();
      emaDecay = from.emaDecay();
      noiseOffset = from.noiseOffset();
      inputPerturbation = from.inputPerturbation();
      debiasedEstimation = from.debiasedEstimation();
      focusWeight = from.focusWeight();
      stochasticRounding = from.stochasticRounding();
      distillationGuidance = from.distillationGuidance();
      pivotalTuning = from.pivotalTuning();
    }

    OptimizerOptions build() {
      return new OptimizerOptions(
          algorithm,
          rankStabilised,
          targetModules,
          optimizer,
          constantLearningRate,
          gradientAccumulationSteps,
          gradientCheckpointing,
          emaDecay,
          noiseOffset,
          inputPerturbation,
          debiasedEstimation,
          focusWeight,
          stochasticRounding,
          distillationGuidance,
          pivotalTuning);
    }
  }
}
