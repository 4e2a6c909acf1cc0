package dev.likeness.lora;

import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.OptimizerOptions;
import java.util.List;

/**
 * The values of a {@link LoraTraining} while some of them are changed: the one place that knows the
 * order of its components.
 */
final class TrainingDraft {
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
  double longestGradient;
  boolean flip;
  int priorPictures;
  double priorWeight;
  List<String> captions;
  long seed;
  OptimizerOptions options;

  TrainingDraft(LoraTraining from) {
    rank = from.rank();
    alpha = from.alpha();
    targets = from.targets();
    textEncoder = from.textEncoder();
    steps = from.steps();
    batch = from.batch();
    learningRate = from.learningRate();
    warmup = from.warmup();
    minSnrGamma = from.minSnrGamma();
    weightDecay = from.weightDecay();
    longestGradient = from.longestGradient();
    flip = from.flip();
    priorPictures = from.priorPictures();
    priorWeight = from.priorWeight();
    captions = from.captions();
    seed = from.seed();
    options = from.options();
  }

  LoraTraining made() {
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
        longestGradient,
        flip,
        priorPictures,
        priorWeight,
        captions,
        seed,
        options);
  }
}
