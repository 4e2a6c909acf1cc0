package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Rarely changed settings of a training. Immutable; setters return a changed copy, and throw
 * {@link IllegalArgumentException} for a value out of its range.
 *
 * @param algorithm the form of the trained weight change (delta) of each layer
 * @param rankStabilised true to scale a delta by alpha / sqrt(rank) (rsLoRA, arXiv:2312.03732)
 *     instead of alpha / rank
 * @param targetModules a regular expression for names of layers to train, such as
 *     {@code unet.down_blocks.0….to_q}; empty to train the layers of {@link LoraTraining#targets()}
 * @param optimizer the optimiser
 * @param constantLearningRate true for a constant learning rate after the warmup; false for a
 *     learning rate that falls to 0 along half a cosine after the warmup
 * @param gradientAccumulationSteps number of batches whose gradients are averaged for each
 *     optimiser step, from 1
 * @param gradientCheckpointing true to recompute activations instead of keeping them (gradient
 *     checkpointing)
 * @param emaDecay decay of the exponential moving average (EMA) of the weights, below 1; 0 for no
 *     average
 * @param noiseOffset share, from 0, of noise that is constant over the image, to train very dark
 *     and very bright images; 0 for no noise offset
 * @param inputPerturbation share, from 0, of additional input noise that the network does not
 *     predict (Ning et al. 2023, arXiv:2301.11706); 0 for no additional noise
 * @param debiasedEstimation true to weight losses by 1 / sqrt(SNR) (Yu et al. 2023,
 *     arXiv:2310.08442) instead of min-SNR; only for bases with a UNet
 * @param focusWeight factor of the loss inside the focus area of an image, above 0; 1 for a uniform
 *     loss
 * @param stochasticRounding true if {@link dev.likeness.lora.DreamBooth} keeps its weights in bf16
 *     with stochastic rounding (Zamirai et al. 2020, arXiv:2010.06192). This halves the memory of
 *     weights and gradients. The base must compute in bf16
 * @param distillationGuidance guidance scale of the teacher model in few-step distillation
 *     ({@link LoraTraining#fewStep}), from 1; 0 for ordinary training
 * @param pivotalTuning the settings of a placeholder token that is trained with the LoRA
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
   * @param algorithm the form of the trained weight change (delta) of each layer
   * @param rankStabilised true to scale a delta by alpha / sqrt(rank)
   * @param targetModules a regular expression for names of layers to train, or empty
   * @param optimizer the optimiser
   * @param constantLearningRate true for a constant learning rate
   * @param gradientAccumulationSteps number of batches for each optimiser step, from 1
   * @param gradientCheckpointing true to recompute activations instead of keeping them
   * @param emaDecay decay of the exponential moving average (EMA) of the weights, below 1
   * @param noiseOffset share of noise that is constant over the image
   * @param inputPerturbation share of additional input noise that the network does not predict
   * @param debiasedEstimation true to weight losses by 1 / sqrt(SNR)
   * @param focusWeight factor of the loss inside the focus area of an image, above 0
   * @param stochasticRounding true for bf16 weights with stochastic rounding in DreamBooth
   * @param distillationGuidance guidance scale of the teacher model in few-step distillation
   * @param pivotalTuning the settings of a placeholder token that is trained with the LoRA
   * @throws IllegalArgumentException if a value is out of its range, the pattern of target modules
   *     is not a regular expression, or stochastic rounding is combined with Prodigy
   */
  public OptimizerOptions {
    require(
        gradientAccumulationSteps >= 1,
        "gradientAccumulationSteps",
        "at least 1",
        gradientAccumulationSteps);
    require(emaDecay >= 0 && emaDecay < 1, "emaDecay", "at least 0 and below 1", emaDecay);
    require(noiseOffset >= 0, "noiseOffset", "at least 0", noiseOffset);
    require(inputPerturbation >= 0, "inputPerturbation", "at least 0", inputPerturbation);
    require(focusWeight > 0, "focusWeight", "above 0", focusWeight);
    require(
        distillationGuidance == 0 || distillationGuidance >= 1,
        "distillationGuidance",
        "at least 1, or 0 for ordinary training",
        distillationGuidance);
    if (stochasticRounding && optimizer == TrainingOptimizer.PRODIGY) {
      throw new IllegalArgumentException(
          "Prodigy does not work with stochastic rounding, because bf16 rounds away the distances"
              + " that Prodigy measures; choose another optimiser, or turn off stochastic"
              + " rounding");
    }
    try {
      Pattern.compile(targetModules);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "the target modules \"" + targetModules + "\" are not a regular expression: "
              + e.getDescription(),
          e);
    }
  }

  /** Refuses a setting of a training that is out of its range. */
  static void require(boolean holds, String option, String expected, Object given) {
    if (!holds) {
      throw new IllegalArgumentException(option + " must be " + expected + ", got " + given);
    }
  }

  private OptimizerOptions with(Consumer<Drafts.Optimizer> change) {
    Drafts.Optimizer draft = new Drafts.Optimizer(this);
    change.accept(draft);
    return draft.build();
  }

  /**
   * {@return a copy of these options with the given adapter algorithm}
   *
   * @param kind the form of each delta
   */
  public OptimizerOptions algorithm(AdapterAlgorithm kind) {
    return with(draft -> draft.algorithm = kind);
  }

  /**
   * {@return the options with or without the scaling of rsLoRA}
   *
   * @param stabilised true to scale deltas by alpha / sqrt(rank)
   */
  public OptimizerOptions rankStabilised(boolean stabilised) {
    return with(draft -> draft.rankStabilised = stabilised);
  }

  /**
   * {@return a copy of these options with the given pattern of target modules}
   *
   * @param pattern a regular expression that must match whole layer names; it replaces
   *     {@link LoraTraining#targets()}. Empty to train the layers of {@link LoraTraining#targets()}
   * @throws IllegalArgumentException if the pattern is not a regular expression
   */
  public OptimizerOptions targetModules(String pattern) {
    return with(draft -> draft.targetModules = pattern);
  }

  /**
   * {@return a copy of these options with the given optimiser}
   *
   * @param kind the optimiser
   */
  public OptimizerOptions optimizer(TrainingOptimizer kind) {
    return with(draft -> draft.optimizer = kind);
  }

  /**
   * {@return the options with a constant or a falling learning rate}
   *
   * @param constant true for a constant learning rate
   */
  public OptimizerOptions constantLearningRate(boolean constant) {
    return with(draft -> draft.constantLearningRate = constant);
  }

  /**
   * {@return a copy of these options with the given number of batches per optimiser step}
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
   * {@return a copy of these options with the given decay of the moving average} The averaged
   * weights become the result.
   *
   * @param decay the decay, from 0 to below 1; 0 for no average
   */
  public OptimizerOptions emaDecay(double decay) {
    return with(draft -> draft.emaDecay = decay);
  }

  /**
   * {@return a copy of these options with the given noise offset}
   *
   * @param strength the share of constant noise, from 0; 0 for no noise offset
   */
  public OptimizerOptions noiseOffset(double strength) {
    return with(draft -> draft.noiseOffset = strength);
  }

  /**
   * {@return a copy of these options with the given input perturbation}
   *
   * @param strength the share of additional noise, from 0; 0 for no additional noise
   */
  public OptimizerOptions inputPerturbation(double strength) {
    return with(draft -> draft.inputPerturbation = strength);
  }

  /**
   * {@return the options with or without debiased weighting of the loss}
   *
   * @param weighted true to weight losses by 1 / sqrt(SNR)
   */
  public OptimizerOptions debiasedEstimation(boolean weighted) {
    return with(draft -> draft.debiasedEstimation = weighted);
  }

  /**
   * {@return a copy of these options with the given loss weight of the focus area of an image}
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
   * {@return a copy of these options with the given guidance scale of few-step distillation}
   *
   * @param guidance the guidance scale, from 1; 0 for ordinary training
   */
  public OptimizerOptions distillationGuidance(double guidance) {
    return with(draft -> draft.distillationGuidance = guidance);
  }

  /**
   * {@return the options with a placeholder token for the person}
   *
   * @param tuning the placeholder token, or {@link PivotalTuning#NONE} for none
   */
  public OptimizerOptions pivotalTuning(PivotalTuning tuning) {
    return with(draft -> draft.pivotalTuning = tuning);
  }

  /** The optimiser of the trained weights. */
  public enum TrainingOptimizer {
    /** AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), with f32 state. */
    ADAMW,
    /**
     * AdamW with 8-bit state (Dettmers et al. 2022, arXiv:2110.02861). The state needs a quarter of
     * the memory of the state of {@link #ADAMW}.
     */
    ADAMW_8BIT,
    /**
     * Adafactor (Shazeer and Stern 2018, arXiv:1804.04235): keeps almost no state. For a LoRA, use
     * AdamW's learning rate. For {@link dev.likeness.lora.DreamBooth}, the learning rate is
     * relative to the magnitude of the weights.
     */
    ADAFACTOR,
    /**
     * Prodigy (Mishchenko and Defazio 2023, arXiv:2306.06101): estimates its own step size. Use a
     * learning rate of 1.
     */
    PRODIGY,
    /**
     * Lion (Chen et al. 2023, arXiv:2302.06675). The state needs half the memory of the state of
     * {@link #ADAMW}. Use a third to a tenth of AdamW's learning rate.
     */
    LION,
    /**
     * Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682): averages the weights instead of
     * lowering the learning rate, and the averaged weights become the result. After the warmup, the
     * learning rate is constant, even if {@link OptimizerOptions#constantLearningRate()} is false.
     * Use AdamW's learning rate or a higher one.
     */
    ADAMW_SCHEDULE_FREE
  }
}
