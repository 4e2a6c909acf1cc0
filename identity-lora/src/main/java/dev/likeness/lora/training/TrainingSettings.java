package dev.likeness.lora.training;

import dev.likeness.diffusion.BaseModel;
import java.util.List;
import java.util.function.Consumer;

/**
 * All settings of a training of a LoRA or, with {@link dev.likeness.lora.DreamBooth}, of a whole
 * network (Hu et al. 2021, arXiv:2106.09685; Ruiz et al. 2022, arXiv:2208.12242). Immutable;
 * setters return a changed copy, and throw {@link IllegalArgumentException} for a value out of its
 * range.
 *
 * @param adapter what is trained
 * @param optimization how the weights are moved
 * @param loss the loss and the noise
 * @param batches the images and captions of each batch
 * @param steps optimiser steps, from 1
 * @param seed seed of the random initial values, image order, noise and timesteps
 */
public record TrainingSettings(
    AdapterSettings adapter,
    OptimizationSettings optimization,
    LossSettings loss,
    BatchSettings batches,
    int steps,
    long seed) {
  /**
   * Checks that the settings go together.
   *
   * @throws IllegalArgumentException if the steps are out of their range, or class images or
   *     trained text encoders are combined with few-step distillation
   */
  public TrainingSettings {
    SettingRange.require(steps >= 1, "steps", "at least 1", steps);
    if (loss.distillationGuidance() > 0
        && (adapter.trainTextEncoder() || batches.classImages() > 0)) {
      throw new IllegalArgumentException(
          "few-step distillation trains only the denoising network; use no class images, and do not"
              + " train the text encoder");
    }
  }

  /** {@return the settings of {@link #balanced} with 120 steps, for a first test} */
  public static TrainingSettings quick() {
    return balanced().steps(120);
  }

  /**
   * {@return settings with a high learning rate, for small bases; {@link #forBase} adapts them to
   * other bases}
   */
  public static TrainingSettings balanced() {
    return new TrainingSettings(
        new AdapterSettings(
            16,
            16,
            false,
            AdapterAlgorithm.LORA,
            LoraTargets.CONVOLUTIONS,
            "",
            true,
            PivotalTuning.NONE),
        new OptimizationSettings(
            TrainingOptimizer.ADAMW,
            new LearningRate(3e-3, LearningRateScheduler.COSINE_FROM_START, 10, 1),
            0.01,
            1,
            1,
            false,
            0,
            false),
        new LossSettings(5, false, 0, 0, 1, 1, 0),
        new BatchSettings(4, false, 0, List.of("photo of %s")),
        300,
        0);
  }

  /** {@return the settings of {@link #balanced} with three times its steps} */
  public static TrainingSettings best() {
    return balanced().steps(900);
  }

  /**
   * Returns settings for latent consistency distillation (Luo et al. 2023, arXiv:2311.05556), which
   * trains no person. The LoRA lets a UNet base generate in four steps without guidance, with
   * {@code LCMScheduler}. Use captioned images that resemble the training images of the base. Of
   * the result, save only {@link dev.likeness.lora.LoraPerson#lora()}.
   *
   * @param guidance guidance scale of the teacher (the base), from 1
   * @return the settings
   * @throws IllegalArgumentException if the guidance scale is below 1
   */
  public static TrainingSettings fewStep(double guidance) {
    SettingRange.require(guidance >= 1, "guidance", "at least 1", guidance);
    return balanced()
        .rank(8)
        .trainTextEncoder(false)
        .steps(1000)
        .batchSize(8)
        .learningRate(3e-4)
        .warmupSteps(50)
        .minSnrGamma(0)
        .captions("")
        .weightDecay(0)
        .emaDecay(0.98)
        .distillationGuidance(guidance);
  }

  /**
   * Adapts the settings to a base. If the base folder's {@code likeness.json} has a training
   * recipe, it sets the targets, rank, batch size, learning rate and training of text encoders.
   * Without a recipe, the settings follow diffusers' scripts: attention layers, one image per step,
   * a low rank, a low learning rate, and no training of the text encoders of transformer bases. In
   * both cases, steps times batch size stays the same, except that steps are rounded up.
   *
   * @param base the base model
   * @return the adapted settings
   */
  public TrainingSettings forBase(BaseModel base) {
    return TrainingPreset.forBase(this, base);
  }

  private TrainingSettings with(Consumer<TrainingDraft> change) {
    TrainingDraft draft = new TrainingDraft(this);
    change.accept(draft);
    return draft.build();
  }

  /** {@return rank of each layer's delta, from 1} */
  public int rank() {
    return adapter().rank();
  }

  /**
   * {@return a copy of these settings with the given rank; alpha keeps its ratio to the rank}
   *
   * @param n the rank, from 1
   */
  public TrainingSettings rank(int n) {
    return with(draft -> {
      draft.alpha = n * draft.alpha / draft.rank;
      draft.rank = n;
    });
  }

  /** {@return strength, above 0: each delta is scaled by alpha / rank} */
  public double alpha() {
    return adapter().alpha();
  }

  /**
   * {@return a copy of these settings with the given alpha; each delta is scaled by alpha / rank}
   *
   * @param value alpha, above 0
   */
  public TrainingSettings alpha(double value) {
    return with(draft -> draft.alpha = value);
  }

  /** {@return true to scale a delta by alpha / sqrt(rank)} */
  public boolean rankStabilised() {
    return adapter().rankStabilised();
  }

  /**
   * {@return the settings with or without the scaling of rsLoRA}
   *
   * @param stabilised true to scale deltas by alpha / sqrt(rank)
   */
  public TrainingSettings rankStabilised(boolean stabilised) {
    return with(draft -> draft.rankStabilised = stabilised);
  }

  /** {@return the form of each delta} */
  public AdapterAlgorithm algorithm() {
    return adapter().algorithm();
  }

  /**
   * {@return a copy of these settings with the given adapter algorithm}
   *
   * @param kind the form of each delta
   */
  public TrainingSettings algorithm(AdapterAlgorithm kind) {
    return with(draft -> draft.algorithm = kind);
  }

  /** {@return the layers that are trained} */
  public LoraTargets targets() {
    return adapter().targets();
  }

  /**
   * {@return a copy of these settings with the given target layers}
   *
   * @param layers the layers to train
   */
  public TrainingSettings targets(LoraTargets layers) {
    return with(draft -> draft.targets = layers);
  }

  /** {@return a regular expression for names of layers to train, or empty} */
  public String targetModules() {
    return adapter().targetModules();
  }

  /**
   * {@return a copy of these settings with the given pattern of target modules}
   *
   * @param pattern a regular expression that must match whole layer names; it replaces
   *     {@link #targets()}. Empty to train the layers of {@link #targets()}
   */
  public TrainingSettings targetModules(String pattern) {
    return with(draft -> draft.targetModules = pattern);
  }

  /** {@return true to train text encoders too} */
  public boolean trainTextEncoder() {
    return adapter().trainTextEncoder();
  }

  /**
   * {@return the settings with or without training of the text encoders}
   *
   * @param trained true to train the text encoders too
   */
  public TrainingSettings trainTextEncoder(boolean trained) {
    return with(draft -> draft.trainTextEncoder = trained);
  }

  /** {@return the settings of a placeholder token that is trained with the LoRA} */
  public PivotalTuning pivotalTuning() {
    return adapter().pivotalTuning();
  }

  /**
   * {@return the settings with a placeholder token for the person}
   *
   * @param tuning the placeholder token, or {@link PivotalTuning#NONE} for none
   */
  public TrainingSettings pivotalTuning(PivotalTuning tuning) {
    return with(draft -> draft.pivotalTuning = tuning);
  }

  /** {@return the optimiser} */
  public TrainingOptimizer optimizer() {
    return optimization().optimizer();
  }

  /**
   * {@return a copy of these settings with the given optimiser}
   *
   * @param kind the optimiser
   */
  public TrainingSettings optimizer(TrainingOptimizer kind) {
    return with(draft -> draft.optimizer = kind);
  }

  /** {@return the highest learning rate, above 0} */
  public double learningRate() {
    return optimization().learningRate().peak();
  }

  /**
   * {@return a copy of these settings with the given peak learning rate}
   *
   * @param rate the peak learning rate, above 0
   */
  public TrainingSettings learningRate(double rate) {
    return with(draft -> draft.learningRate = rate);
  }

  /** {@return how it changes from step to step} */
  public LearningRateScheduler learningRateScheduler() {
    return optimization().learningRate().scheduler();
  }

  /**
   * {@return a copy of these settings with the given schedule of the learning rate}
   *
   * @param scheduler how the learning rate changes from step to step
   */
  public TrainingSettings learningRateScheduler(LearningRateScheduler scheduler) {
    return with(draft -> draft.learningRateScheduler = scheduler);
  }

  /** {@return steps until the learning rate reaches its peak, from 0} */
  public int warmupSteps() {
    return optimization().learningRate().warmupSteps();
  }

  /**
   * {@return a copy of these settings with the given number of warmup steps}
   *
   * @param n steps until the learning rate reaches its peak, from 0
   */
  public TrainingSettings warmupSteps(int n) {
    return with(draft -> draft.warmupSteps = n);
  }

  /** {@return number of falls of a schedule with restarts, from 1} */
  public int learningRateCycles() {
    return optimization().learningRate().cycles();
  }

  /**
   * {@return a copy of these settings with the given number of cycles of the learning rate}
   *
   * @param n number of falls of {@link LearningRateScheduler#COSINE_WITH_RESTARTS}, from 1
   */
  public TrainingSettings learningRateCycles(int n) {
    return with(draft -> draft.learningRateCycles = n);
  }

  /** {@return weight decay of the optimiser, from 0} */
  public double weightDecay() {
    return optimization().weightDecay();
  }

  /**
   * {@return a copy of these settings with the given weight decay}
   *
   * @param decay the weight decay, from 0
   */
  public TrainingSettings weightDecay(double decay) {
    return with(draft -> draft.weightDecay = decay);
  }

  /** {@return the maximum norm of all gradients together (gradient clipping), above 0} */
  public double maxGradNorm() {
    return optimization().maxGradNorm();
  }

  /**
   * {@return a copy of these settings with the given limit of gradients}
   *
   * @param norm the maximum norm of all gradients together, above 0
   */
  public TrainingSettings maxGradNorm(double norm) {
    return with(draft -> draft.maxGradNorm = norm);
  }

  /** {@return number of batches whose gradients are averaged for each optimiser step, from 1} */
  public int gradientAccumulationSteps() {
    return optimization().gradientAccumulationSteps();
  }

  /**
   * {@return a copy of these settings with the given number of batches per optimiser step}
   *
   * @param n number of batches, from 1
   */
  public TrainingSettings gradientAccumulationSteps(int n) {
    return with(draft -> draft.gradientAccumulationSteps = n);
  }

  /** {@return true to recompute activations instead of keeping them (gradient checkpointing)} */
  public boolean gradientCheckpointing() {
    return optimization().gradientCheckpointing();
  }

  /**
   * {@return the settings with or without gradient checkpointing}
   *
   * @param enabled true to recompute activations
   */
  public TrainingSettings gradientCheckpointing(boolean enabled) {
    return with(draft -> draft.gradientCheckpointing = enabled);
  }

  /**
   * {@return decay of the exponential moving average (EMA) of the weights, below 1; 0 for no
   * average}
   */
  public double emaDecay() {
    return optimization().emaDecay();
  }

  /**
   * {@return a copy of these settings with the given decay of the moving average, which becomes the
   * result}
   *
   * @param decay the decay, from 0 to below 1; 0 for no average
   */
  public TrainingSettings emaDecay(double decay) {
    return with(draft -> draft.emaDecay = decay);
  }

  /** {@return true for bf16 weights with stochastic rounding in DreamBooth} */
  public boolean stochasticRounding() {
    return optimization().stochasticRounding();
  }

  /**
   * {@return the settings with bf16 weights and stochastic rounding, or with f32 weights}
   *
   * @param enabled true for bf16 weights with stochastic rounding
   */
  public TrainingSettings stochasticRounding(boolean enabled) {
    return with(draft -> draft.stochasticRounding = enabled);
  }

  /** {@return gamma of min-SNR weighting; 0 for no weighting} */
  public double minSnrGamma() {
    return loss().minSnrGamma();
  }

  /**
   * {@return a copy of these settings with the given gamma of min-SNR weighting}
   *
   * @param gamma gamma, from 0; 0 turns the weighting off
   */
  public TrainingSettings minSnrGamma(double gamma) {
    return with(draft -> draft.minSnrGamma = gamma);
  }

  /** {@return true to weight losses by 1 / sqrt(SNR)} */
  public boolean debiasedEstimation() {
    return loss().debiasedEstimation();
  }

  /**
   * {@return the settings with or without debiased weighting of the loss}
   *
   * @param weighted true to weight losses by 1 / sqrt(SNR)
   */
  public TrainingSettings debiasedEstimation(boolean weighted) {
    return with(draft -> draft.debiasedEstimation = weighted);
  }

  /** {@return share of noise that is constant over the image} */
  public double noiseOffset() {
    return loss().noiseOffset();
  }

  /**
   * {@return a copy of these settings with the given noise offset}
   *
   * @param strength the share of constant noise, from 0; 0 for no noise offset
   */
  public TrainingSettings noiseOffset(double strength) {
    return with(draft -> draft.noiseOffset = strength);
  }

  /** {@return share of additional input noise that the network does not predict} */
  public double inputPerturbation() {
    return loss().inputPerturbation();
  }

  /**
   * {@return a copy of these settings with the given input perturbation}
   *
   * @param strength the share of additional noise, from 0; 0 for no additional noise
   */
  public TrainingSettings inputPerturbation(double strength) {
    return with(draft -> draft.inputPerturbation = strength);
  }

  /**
   * {@return factor of the loss inside the focus area of an image, above 0; 1 for a uniform loss}
   */
  public double focusWeight() {
    return loss().focusWeight();
  }

  /**
   * {@return a copy of these settings with the given loss weight of the focus area of an image}
   *
   * @param factor the factor, above 0; 1 for a uniform loss
   */
  public TrainingSettings focusWeight(double factor) {
    return with(draft -> draft.focusWeight = factor);
  }

  /** {@return weight of the prior preservation loss, from 0} */
  public double priorLossWeight() {
    return loss().priorLossWeight();
  }

  /** {@return guidance scale of the teacher model in few-step distillation} */
  public double distillationGuidance() {
    return loss().distillationGuidance();
  }

  /**
   * {@return a copy of these settings with the given guidance scale of few-step distillation}
   *
   * @param guidance the guidance scale, from 1; 0 for ordinary training
   */
  public TrainingSettings distillationGuidance(double guidance) {
    return with(draft -> draft.distillationGuidance = guidance);
  }

  /** {@return images per batch, from 1} */
  public int batchSize() {
    return batches().batchSize();
  }

  /**
   * {@return a copy of these settings with the given batch size}
   *
   * @param n images per batch, from 1
   */
  public TrainingSettings batchSize(int n) {
    return with(draft -> draft.batchSize = n);
  }

  /** {@return true to mirror images at random} */
  public boolean randomFlip() {
    return batches().randomFlip();
  }

  /**
   * {@return the settings with or without random mirroring of images}
   *
   * @param mirrored true to mirror images at random
   */
  public TrainingSettings randomFlip(boolean mirrored) {
    return with(draft -> draft.randomFlip = mirrored);
  }

  /** {@return number of class images that the base generates for prior preservation} */
  public int classImages() {
    return batches().classImages();
  }

  /**
   * {@return the settings with prior preservation}
   *
   * @param count number of class images; 0 for no prior preservation
   * @param weight weight of the prior preservation loss, from 0
   */
  public TrainingSettings priorPreservation(int count, double weight) {
    return with(draft -> {
      draft.classImages = count;
      draft.priorLossWeight = weight;
    });
  }

  /** {@return captions of the images, with {@code %s} for the person} */
  public List<String> captions() {
    return batches().captions();
  }

  /**
   * {@return a copy of these settings with the given captions}
   *
   * @param templates one or more captions; {@code %s} stands for the person
   */
  public TrainingSettings captions(String... templates) {
    return with(draft -> draft.captions = List.of(templates));
  }

  /**
   * {@return a copy of these settings with the given number of optimiser steps}
   *
   * @param n optimiser steps, from 1
   */
  public TrainingSettings steps(int n) {
    return with(draft -> draft.steps = n);
  }

  /**
   * {@return a copy of these settings with the given seed}
   *
   * @param value any number
   */
  public TrainingSettings seed(long value) {
    return with(draft -> draft.seed = value);
  }

  /** {@return the factor of a delta: alpha / rank, or alpha / sqrt(rank) for rsLoRA} */
  public double scale() {
    return alpha() / (rankStabilised() ? Math.sqrt(rank()) : rank());
  }

  /**
   * {@return true if the layer of this name is trained}
   *
   * @param layer the full name of a layer, such as {@code unet.mid_block.attentions.0.proj_in}
   */
  public boolean includes(String layer) {
    boolean chosen =
        targetModules().isEmpty() ? targets().includes(layer) : layer.matches(targetModules());
    return chosen && (trainTextEncoder() || LoraTargets.isOfNetwork(layer));
  }
}
