package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Rarely changed settings of a training. Immutable; setters return a changed copy.
 *
 * @param algorithm the trained form of each layer's delta
 * @param rankStabilised whether a delta is scaled by alpha / sqrt(rank) (rsLoRA, arXiv:2312.03732)
 *     instead of alpha / rank
 * @param targetModules a regular expression over layer names ({@code unet.down_blocks.0….to_q})
 *     that replaces the targets, or empty
 * @param optimizer the optimiser
 * @param constantLearningRate whether the learning rate stays constant instead of following half a
 *     cosine
 * @param gradientAccumulationSteps number of batches whose gradients are summed for one step
 *     (gradient accumulation)
 * @param gradientCheckpointing whether activations are recomputed instead of kept (gradient
 *     checkpointing)
 * @param emaDecay decay of the moving average of the weights, below 1; 0 for none
 * @param noiseOffset share of noise that is constant over the image, so that very dark and very
 *     bright images can be trained; 0 for none
 * @param inputPerturbation share of additional input noise that the network does not predict (Ning
 *     et al. 2023, arXiv:2301.11706); 0 for none
 * @param debiasedEstimation whether losses are weighted by 1 / sqrt(SNR) (Yu et al. 2023,
 *     arXiv:2310.08442) instead of min-SNR; for bases with a UNet only
 * @param focusWeight factor of the loss inside the marked area of an image; 1 for a uniform loss
 * @param stochasticRounding whether {@link dev.likeness.lora.DreamBooth} keeps its weights in bf16
 *     with stochastic rounding (Zamirai et al. 2020, arXiv:2010.06192): half the memory, for a base
 *     that computes in bf16
 * @param distillationGuidance guidance scale of the teacher in few-step distillation
 *     ({@link LoraTraining#fewStep}); 0 for ordinary training
 * @param pivotalTuning a placeholder token for the person, trained with the LoRA
 */
public record OptimizerOptions(
    AdapterAlgorithm algorithm,
    boolean rankStabilised,
    String targetModules,
    TrainingOptimizer optimizer,
    boolean constantLearningRate,
    int gradientAccumulationSteps,
    boolean gradientCheckpointing,
    double emaDecay,
    double noiseOffset,
    double inputPerturbation,
    boolean debiasedEstimation,
    double focusWeight,
    boolean stochasticRounding,
    double distillationGuidance,
    PivotalTuning pivotalTuning) {
  /** LoRA with AdamW; all other options are off. */
  public static final OptimizerOptions DEFAULT = new OptimizerOptions(
      AdapterAlgorithm.LORA,
      false,
      "",
      TrainingOptimizer.ADAMW,
      false,
      1,
      false,
      0,
      0,
      0,
      false,
      1,
      false,
      0,
      PivotalTuning.NONE);

  public OptimizerOptions {
    if (gradientAccumulationSteps < 1
        || !(emaDecay >= 0 && emaDecay < 1)
        || !(noiseOffset >= 0 && inputPerturbation >= 0 && focusWeight > 0)) {
      throw new IllegalArgumentException(
          "accumulation " + gradientAccumulationSteps + " must be at least 1, ema " + emaDecay
              + " from 0 to below 1, noise offset " + noiseOffset + " and input perturbation "
              + inputPerturbation
              + " not below 0, focus " + focusWeight + " above 0");
    }
    if (!(distillationGuidance == 0 || distillationGuidance >= 1)) {
      throw new IllegalArgumentException(
          "guidance " + distillationGuidance + " of the images to be drawn in few steps must be at"
              + " least 1, or 0 where that is not learned");
    }
    if (stochasticRounding && optimizer == TrainingOptimizer.PRODIGY) {
      throw new IllegalArgumentException(
          "Prodigy measures ways that bf16 rounds away; choose another optimiser, or f32");
    }
    try {
      Pattern.compile(targetModules);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\"" + targetModules + "\" is no regular expression: " + e.getDescription(), e);
    }
  }

  private OptimizerOptions with(Consumer<Builder> change) {
    Builder draft = new Builder(this);
    change.accept(draft);
    return draft.build();
  }

  /** Returns the options with another adapter algorithm. */
  public OptimizerOptions algorithm(AdapterAlgorithm kind) {
    return with(draft -> draft.algorithm = kind);
  }

  /** Returns the options with or without the scale of rsLoRA. */
  public OptimizerOptions rankStabilised(boolean stabilised) {
    return with(draft -> draft.rankStabilised = stabilised);
  }

  /**
   * Returns the options with a regular expression that must match whole layer names. It replaces
   * the targets; empty for none.
   */
  public OptimizerOptions targetModules(String pattern) {
    return with(draft -> draft.targetModules = pattern);
  }

  /** Returns the options with another optimiser. */
  public OptimizerOptions optimizer(TrainingOptimizer kind) {
    return with(draft -> draft.optimizer = kind);
  }

  /** Returns the options with a constant learning rate, or with one that decays. */
  public OptimizerOptions constantLearningRate(boolean constant) {
    return with(draft -> draft.constantLearningRate = constant);
  }

  /** Returns the options with another number of batches per optimiser step, from 1. */
  public OptimizerOptions gradientAccumulationSteps(int batches) {
    return with(draft -> draft.gradientAccumulationSteps = batches);
  }

  /** Returns the options with or without gradient checkpointing. */
  public OptimizerOptions gradientCheckpointing(boolean twice) {
    return with(draft -> draft.gradientCheckpointing = twice);
  }

  /**
   * Returns the options with another decay of the moving average; 0 for none. The average becomes
   * the result.
   */
  public OptimizerOptions emaDecay(double decay) {
    return with(draft -> draft.emaDecay = decay);
  }

  /** Returns the options with another noise offset; 0 for none. */
  public OptimizerOptions noiseOffset(double strength) {
    return with(draft -> draft.noiseOffset = strength);
  }

  /** Returns the options with another input perturbation; 0 for none. */
  public OptimizerOptions inputPerturbation(double strength) {
    return with(draft -> draft.inputPerturbation = strength);
  }

  /** Returns the options with or without debiased weighting of the loss. */
  public OptimizerOptions debiasedEstimation(boolean weighted) {
    return with(draft -> draft.debiasedEstimation = weighted);
  }

  /** Returns the options with another loss weight of the focus area of an image. */
  public OptimizerOptions focusWeight(double factor) {
    return with(draft -> draft.focusWeight = factor);
  }

  /** Returns the options with bf16 weights and stochastic rounding, or with f32 weights. */
  public OptimizerOptions stochasticRounding(boolean byChance) {
    return with(draft -> draft.stochasticRounding = byChance);
  }

  /**
   * Returns the options with another guidance scale of few-step distillation; 0 for ordinary
   * training.
   */
  public OptimizerOptions distillationGuidance(double guidance) {
    return with(draft -> draft.distillationGuidance = guidance);
  }

  /** Returns the options with a placeholder token for the person, or {@link PivotalTuning#NONE}. */
  public OptimizerOptions pivotalTuning(PivotalTuning word) {
    return with(draft -> draft.pivotalTuning = word);
  }

  /** The optimiser of the trained weights. */
  public enum TrainingOptimizer {
    ADAMW,
    /** A quarter of AdamW's memory. */
    ADAMW_8BIT,
    /**
     * Almost no memory; a LoRA wants AdamW's learning rate, that of
     * {@link dev.likeness.lora.DreamBooth} is relative to the weights' size.
     */
    ADAFACTOR,
    /** Finds its own step size; give it a learning rate of 1. */
    PRODIGY,
    /** Half of AdamW's memory; wants a third to a tenth of its learning rate. */
    LION
  }

  /**
   * The mutable values of an {@link OptimizerOptions}. Only this class depends on the order of the
   * components.
   */
  static final class Builder {
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

    Builder(OptimizerOptions from) {
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
