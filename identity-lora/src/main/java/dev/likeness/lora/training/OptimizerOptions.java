package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Rarely changed settings of a training. Immutable; setters return a changed copy.
 *
 * @param algorithm the trained form of each layer's delta
 * @param rankStabilised true to scale a delta by alpha / sqrt(rank) (rsLoRA, arXiv:2312.03732)
 *     instead of alpha / rank
 * @param targetModules a regular expression over layer names ({@code unet.down_blocks.0….to_q})
 *     that replaces the targets, or empty
 * @param optimizer the optimiser
 * @param constantLearningRate true for a constant learning rate, false for one that falls along
 *     half a cosine
 * @param gradientAccumulationSteps number of batches whose gradients are summed for one step
 *     (gradient accumulation), from 1
 * @param gradientCheckpointing true to recompute activations instead of keeping them (gradient
 *     checkpointing)
 * @param emaDecay decay of the moving average of the weights, below 1; 0 for none
 * @param noiseOffset share of noise that is constant over the image, so that very dark and very
 *     bright images can be trained; 0 for none
 * @param inputPerturbation share of additional input noise that the network does not predict (Ning
 *     et al. 2023, arXiv:2301.11706); 0 for none
 * @param debiasedEstimation true to weight losses by 1 / sqrt(SNR) (Yu et al. 2023,
 *     arXiv:2310.08442) instead of min-SNR; for bases with a UNet only
 * @param focusWeight factor of the loss inside the focus area of an image, above 0; 1 for a uniform
 *     loss
 * @param stochasticRounding true if {@link dev.likeness.lora.DreamBooth} keeps its weights in bf16
 *     with stochastic rounding (Zamirai et al. 2020, arXiv:2010.06192): half the memory, for a base
 *     that computes in bf16
 * @param distillationGuidance guidance scale of the teacher in few-step distillation
 *     ({@link LoraTraining#fewStep}), from 1; 0 for ordinary training
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

  /**
   * Checks the ranges of all options.
   *
   * @param algorithm the component {@code algorithm}
   * @param rankStabilised the component {@code rankStabilised}
   * @param targetModules the component {@code targetModules}
   * @param optimizer the component {@code optimizer}
   * @param constantLearningRate the component {@code constantLearningRate}
   * @param gradientAccumulationSteps the component {@code gradientAccumulationSteps}
   * @param gradientCheckpointing the component {@code gradientCheckpointing}
   * @param emaDecay the component {@code emaDecay}
   * @param noiseOffset the component {@code noiseOffset}
   * @param inputPerturbation the component {@code inputPerturbation}
   * @param debiasedEstimation the component {@code debiasedEstimation}
   * @param focusWeight the component {@code focusWeight}
   * @param stochasticRounding the component {@code stochasticRounding}
   * @param distillationGuidance the component {@code distillationGuidance}
   * @param pivotalTuning the component {@code pivotalTuning}
   */
  public OptimizerOptions {
    if (gradientAccumulationSteps < 1
        || !(emaDecay >= 0 && emaDecay < 1)
        || !(noiseOffset >= 0 && inputPerturbation >= 0 && focusWeight > 0)) {
      throw new IllegalArgumentException(
          "accumulation " + gradientAccumulationSteps + " must be at least 1, ema " + emaDecay
              + " from 0 to below 1, noise offset " + noiseOffset + " and input perturbation "
              + inputPerturbation
              + " at least 0, focus weight " + focusWeight + " above 0");
    }
    if (!(distillationGuidance == 0 || distillationGuidance >= 1)) {
      throw new IllegalArgumentException("distillation guidance " + distillationGuidance
          + " must be at least 1, or 0 for ordinary training");
    }
    if (stochasticRounding && optimizer == TrainingOptimizer.PRODIGY) {
      throw new IllegalArgumentException(
          "Prodigy does not work with stochastic rounding, because bf16 rounds away the distances that it"
              + " measures; choose another optimiser, or turn off stochastic rounding");
    }
    try {
      Pattern.compile(targetModules);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "target modules \"" + targetModules + "\" are not a regular expression: "
              + e.getDescription(),
          e);
    }
  }

  private OptimizerOptions with(Consumer<Drafts.Optimizer> change) {
    Drafts.Optimizer draft = new Drafts.Optimizer(this);
    change.accept(draft);
    return draft.build();
  }

  /**
   * {@return the options with another adapter algorithm}
   *
   * @param kind the form of each delta
   */
  public OptimizerOptions algorithm(AdapterAlgorithm kind) {
    return with(draft -> draft.algorithm = kind);
  }

  /**
   * {@return the options with or without the scale of rsLoRA}
   *
   * @param stabilised true for alpha / sqrt(rank)
   */
  public OptimizerOptions rankStabilised(boolean stabilised) {
    return with(draft -> draft.rankStabilised = stabilised);
  }

  /**
   * {@return the options with another pattern of target modules}
   *
   * @param pattern a regular expression that must match whole layer names and replaces the targets;
   *     empty for none
   * @throws IllegalArgumentException if the pattern is not a regular expression
   */
  public OptimizerOptions targetModules(String pattern) {
    return with(draft -> draft.targetModules = pattern);
  }

  /**
   * {@return the options with another optimiser}
   *
   * @param kind the optimiser
   */
  public OptimizerOptions optimizer(TrainingOptimizer kind) {
    return with(draft -> draft.optimizer = kind);
  }

  /**
   * {@return the options with a constant learning rate, or with one that decays}
   *
   * @param constant true for a constant learning rate
   */
  public OptimizerOptions constantLearningRate(boolean constant) {
    return with(draft -> draft.constantLearningRate = constant);
  }

  /**
   * {@return the options with another number of batches per optimiser step}
   *
   * @param batches number of batches, from 1
   */
  public OptimizerOptions gradientAccumulationSteps(int batches) {
    return with(draft -> draft.gradientAccumulationSteps = batches);
  }

  /**
   * {@return the options with or without gradient checkpointing}
   *
   * @param enabled true to recompute activations
   */
  public OptimizerOptions gradientCheckpointing(boolean enabled) {
    return with(draft -> draft.gradientCheckpointing = enabled);
  }

  /**
   * {@return the options with another decay of the moving average} The averaged weights become the
   * result.
   *
   * @param decay the decay, from 0 to below 1; 0 for no average
   */
  public OptimizerOptions emaDecay(double decay) {
    return with(draft -> draft.emaDecay = decay);
  }

  /**
   * {@return the options with another noise offset}
   *
   * @param strength the share of constant noise, from 0; 0 for none
   */
  public OptimizerOptions noiseOffset(double strength) {
    return with(draft -> draft.noiseOffset = strength);
  }

  /**
   * {@return the options with another input perturbation}
   *
   * @param strength the share of additional noise, from 0; 0 for none
   */
  public OptimizerOptions inputPerturbation(double strength) {
    return with(draft -> draft.inputPerturbation = strength);
  }

  /**
   * {@return the options with or without debiased weighting of the loss}
   *
   * @param weighted true for weights 1 / sqrt(SNR)
   */
  public OptimizerOptions debiasedEstimation(boolean weighted) {
    return with(draft -> draft.debiasedEstimation = weighted);
  }

  /**
   * {@return the options with another loss weight of the focus area of an image}
   *
   * @param factor the factor, above 0; 1 for a uniform loss
   */
  public OptimizerOptions focusWeight(double factor) {
    return with(draft -> draft.focusWeight = factor);
  }

  /**
   * {@return the options with bf16 weights and stochastic rounding, or with f32 weights}
   *
   * @param enabled true for bf16 weights with stochastic rounding
   */
  public OptimizerOptions stochasticRounding(boolean enabled) {
    return with(draft -> draft.stochasticRounding = enabled);
  }

  /**
   * {@return the options with another guidance scale of few-step distillation}
   *
   * @param guidance the guidance scale, from 1; 0 for ordinary training
   */
  public OptimizerOptions distillationGuidance(double guidance) {
    return with(draft -> draft.distillationGuidance = guidance);
  }

  /**
   * {@return the options with a placeholder token for the person, or {@link PivotalTuning#NONE}}
   *
   * @param tuning the placeholder token
   */
  public OptimizerOptions pivotalTuning(PivotalTuning tuning) {
    return with(draft -> draft.pivotalTuning = tuning);
  }

  /** The optimiser of the trained weights. */
  public enum TrainingOptimizer {
    /** AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), with f32 state. */
    ADAMW,
    /**
     * AdamW with 8-bit state (Dettmers et al. 2022, arXiv:2110.02861): a quarter of AdamW's memory.
     */
    ADAMW_8BIT,
    /**
     * Adafactor (Shazeer and Stern 2018, arXiv:1804.04235): almost no state. For a LoRA, use
     * AdamW's learning rate. For {@link dev.likeness.lora.DreamBooth}, the rate is relative to the
     * size of the weights.
     */
    ADAFACTOR,
    /**
     * Prodigy (Mishchenko and Defazio 2023, arXiv:2306.06101): estimates its own step size. Use a
     * learning rate of 1.
     */
    PRODIGY,
    /**
     * Lion (Chen et al. 2023, arXiv:2302.06675): half of AdamW's memory. Use a third to a tenth of
     * its learning rate.
     */
    LION
  }
}
