package dev.likeness.lora.training;

import static dev.likeness.lora.training.OptimizerOptions.require;

import dev.likeness.diffusion.BaseModel;
import java.util.List;
import java.util.function.Consumer;

/**
 * All settings of a LoRA training (Hu et al. 2021, arXiv:2106.09685; Ruiz et al. 2022,
 * arXiv:2208.12242), used by {@link dev.likeness.lora.LoraTrainer}. Immutable; setters return a
 * changed copy, and throw {@link IllegalArgumentException} for a value out of its range.
 *
 * @param rank rank of each layer's weight change (delta), from 1
 * @param alpha strength, above 0: each delta is scaled by alpha / rank
 * @param targets the layers that are trained
 * @param trainTextEncoder true to train text encoders too. The targets include layers of CLIP, but
 *     not of T5. T5 is trained only if {@link OptimizerOptions#targetModules()} matches its layers
 * @param steps optimiser steps, from 1
 * @param batchSize images per step, from 1
 * @param learningRate the peak learning rate, above 0
 * @param warmupSteps steps until the learning rate reaches its peak, from 0
 * @param minSnrGamma gamma of min-SNR weighting (arXiv:2303.09556); 0 for no weighting. Gamma is
 *     ignored for flow models, and if {@link OptimizerOptions#debiasedEstimation()} is true
 * @param weightDecay weight decay of the optimiser, from 0
 * @param maxGradNorm the maximum norm of all gradients together (gradient clipping), above 0
 * @param randomFlip true to mirror images at random; faces are not symmetric
 * @param classImages number of class images that the base generates for prior preservation; 0 for
 *     no prior preservation
 * @param priorLossWeight weight of the prior preservation loss, from 0
 * @param captions captions of the images, with {@code %s} for the person; in each step, each image
 *     without its own caption gets a random one of these captions
 * @param seed seed of the random initial values, image order, noise and timesteps
 * @param optimizerOptions settings that are rarely changed
 */
public record LoraTraining(
    int rank,
    double alpha,
    LoraTargets targets,
    boolean trainTextEncoder,
    int steps,
    int batchSize,
    double learningRate,
    int warmupSteps,
    double minSnrGamma,
    double weightDecay,
    double maxGradNorm,
    boolean randomFlip,
    int classImages,
    double priorLossWeight,
    List<String> captions,
    long seed,
    OptimizerOptions optimizerOptions) {
  /**
   * Checks the ranges of all settings.
   *
   * @param rank rank of each layer's weight change (delta), from 1
   * @param alpha strength, above 0: each delta is scaled by alpha / rank
   * @param targets the layers that are trained
   * @param trainTextEncoder true to train text encoders too
   * @param steps optimiser steps, from 1
   * @param batchSize images per step, from 1
   * @param learningRate the peak learning rate, above 0
   * @param warmupSteps steps until the learning rate reaches its peak
   * @param minSnrGamma gamma of min-SNR weighting; 0 for no weighting
   * @param weightDecay weight decay of the optimiser, from 0
   * @param maxGradNorm the maximum norm of all gradients together (gradient clipping), above 0
   * @param randomFlip true to mirror images at random
   * @param classImages number of class images that the base generates for prior preservation
   * @param priorLossWeight weight of the prior preservation loss, from 0
   * @param captions captions of the images, with {@code %s} for the person
   * @param seed seed of the random initial values, image order, noise and timesteps
   * @param optimizerOptions settings that are rarely changed
   * @throws IllegalArgumentException if a value is out of its range, there is no caption, or class
   *     images or trained text encoders are combined with few-step distillation
   */
  public LoraTraining {
    captions = List.copyOf(captions);
    require(rank >= 1, "rank", "at least 1", rank);
    require(steps >= 1, "steps", "at least 1", steps);
    require(batchSize >= 1, "batchSize", "at least 1", batchSize);
    require(warmupSteps >= 0, "warmupSteps", "at least 0", warmupSteps);
    require(classImages >= 0, "classImages", "at least 0", classImages);
    require(alpha > 0, "alpha", "above 0", alpha);
    require(learningRate > 0, "learningRate", "above 0", learningRate);
    require(maxGradNorm > 0, "maxGradNorm", "above 0", maxGradNorm);
    require(minSnrGamma >= 0, "minSnrGamma", "at least 0", minSnrGamma);
    require(weightDecay >= 0, "weightDecay", "at least 0", weightDecay);
    require(priorLossWeight >= 0, "priorLossWeight", "at least 0", priorLossWeight);
    if (optimizerOptions.distillationGuidance() > 0 && (trainTextEncoder || classImages > 0)) {
      throw new IllegalArgumentException(
          "few-step distillation trains only the denoising network; use no class images, and do not"
              + " train the text encoder");
    }
    if (captions.isEmpty()) {
      throw new IllegalArgumentException("training needs a caption, e.g. \"photo of %s\"");
    }
  }

  /** {@return the settings of {@link #balanced} with 120 steps, for a first test} */
  public static LoraTraining quick() {
    return balanced().steps(120);
  }

  /**
   * {@return settings with a high learning rate, for small bases; {@link #forBase} adapts them to
   * other bases}
   */
  public static LoraTraining balanced() {
    return new LoraTraining(
        16,
        16,
        LoraTargets.CONVOLUTIONS,
        true,
        300,
        4,
        3e-3,
        10,
        5,
        0.01,
        1,
        false,
        0,
        1,
        List.of("photo of %s"),
        0,
        OptimizerOptions.DEFAULT);
  }

  /** {@return the settings of {@link #balanced} with three times its steps} */
  public static LoraTraining best() {
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
  public static LoraTraining fewStep(double guidance) {
    require(guidance >= 1, "guidance", "at least 1", guidance);
    return balanced()
        .rank(8)
        .trainTextEncoder(false)
        .steps(1000)
        .batchSize(8)
        .learningRate(3e-4)
        .warmupSteps(50)
        .minSnrGamma(0)
        .captions("")
        .optimizerOptions(OptimizerOptions.DEFAULT.emaDecay(0.98).distillationGuidance(guidance))
        .with(draft -> draft.weightDecay = 0);
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
  public LoraTraining forBase(BaseModel base) {
    return TrainingPreset.forBase(this, base);
  }

  private LoraTraining with(Consumer<Drafts.Training> change) {
    Drafts.Training draft = new Drafts.Training(this);
    change.accept(draft);
    return draft.build();
  }

  /**
   * {@return a copy of these settings with the given rank; alpha keeps its ratio to the rank}
   *
   * @param n the rank, from 1
   */
  public LoraTraining rank(int n) {
    return with(draft -> {
      draft.rank = n;
      draft.alpha = n * alpha / rank;
    });
  }

  /**
   * {@return a copy of these settings with the given target layers}
   *
   * @param layers the layers to train
   */
  public LoraTraining targets(LoraTargets layers) {
    return with(draft -> draft.targets = layers);
  }

  /**
   * {@return a copy of these settings with the given gamma of min-SNR weighting}
   *
   * @param gamma gamma, from 0; 0 turns the weighting off
   */
  public LoraTraining minSnrGamma(double gamma) {
    return with(draft -> draft.minSnrGamma = gamma);
  }

  /**
   * {@return the settings with or without training of the text encoders}
   *
   * @param trained true to train the text encoders too
   */
  public LoraTraining trainTextEncoder(boolean trained) {
    return with(draft -> draft.textEncoder = trained);
  }

  /**
   * {@return a copy of these settings with the given number of optimiser steps}
   *
   * @param n optimiser steps, from 1
   */
  public LoraTraining steps(int n) {
    return with(draft -> draft.steps = n);
  }

  /**
   * {@return a copy of these settings with the given batch size}
   *
   * @param n images per step, from 1
   */
  public LoraTraining batchSize(int n) {
    return with(draft -> draft.batch = n);
  }

  /**
   * {@return a copy of these settings with the given peak learning rate}
   *
   * @param rate the peak learning rate, above 0
   */
  public LoraTraining learningRate(double rate) {
    return with(draft -> draft.learningRate = rate);
  }

  /**
   * {@return a copy of these settings with the given number of warmup steps}
   *
   * @param n steps until the learning rate reaches its peak, from 0
   */
  public LoraTraining warmupSteps(int n) {
    return with(draft -> draft.warmup = n);
  }

  /**
   * {@return the settings with or without random mirroring of images}
   *
   * @param mirrored true to mirror images at random
   */
  public LoraTraining randomFlip(boolean mirrored) {
    return with(draft -> draft.flip = mirrored);
  }

  /**
   * {@return the settings with prior preservation}
   *
   * @param count number of class images; 0 for no prior preservation
   * @param weight weight of the prior preservation loss, from 0
   */
  public LoraTraining priorPreservation(int count, double weight) {
    return with(draft -> {
      draft.priorImages = count;
      draft.priorWeight = weight;
    });
  }

  /**
   * {@return a copy of these settings with the given captions}
   *
   * @param templates one or more captions; {@code %s} stands for the person
   */
  public LoraTraining captions(String... templates) {
    return with(draft -> draft.captions = List.of(templates));
  }

  /**
   * {@return a copy of these settings with the given seed}
   *
   * @param value any number
   */
  public LoraTraining seed(long value) {
    return with(draft -> draft.seed = value);
  }

  /**
   * {@return a copy of these settings with the given optimiser options}
   *
   * @param others the new optimiser options
   */
  public LoraTraining optimizerOptions(OptimizerOptions others) {
    return with(draft -> draft.options = others);
  }

  /** {@return the factor of a delta: alpha / rank, or alpha / sqrt(rank) for rsLoRA} */
  public double scale() {
    return alpha / (optimizerOptions.rankStabilised() ? Math.sqrt(rank) : rank);
  }

  /**
   * {@return true if the layer of this name is trained}
   *
   * @param layer the full name of a layer, such as {@code unet.mid_block.attentions.0.proj_in}
   */
  public boolean includes(String layer) {
    boolean chosen = optimizerOptions.targetModules().isEmpty()
        ? targets.includes(layer)
        : layer.matches(optimizerOptions.targetModules());
    return chosen && (trainTextEncoder || LoraTargets.isOfNetwork(layer));
  }
}
