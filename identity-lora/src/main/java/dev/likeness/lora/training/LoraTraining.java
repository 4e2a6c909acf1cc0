package dev.likeness.lora.training;

import dev.likeness.diffusion.BaseModel;
import java.util.List;
import java.util.function.Consumer;

/**
 * All settings of a LoRA training (Hu et al. 2021, arXiv:2106.09685; Ruiz et al. 2022,
 * arXiv:2208.12242), used by {@link dev.likeness.lora.LoraTrainer}. Immutable; setters return a
 * changed copy.
 *
 * @param rank rank of each layer's delta, from 1
 * @param alpha strength: a delta is scaled by alpha / rank
 * @param targets the layers that are trained
 * @param trainTextEncoder whether text encoders are trained too: CLIP's layers of the targets, T5
 *     only if the pattern in {@code optimizerOptions} names its layers
 * @param steps optimiser steps, from 1
 * @param batchSize images per step, from 1
 * @param learningRate the peak learning rate
 * @param warmupSteps steps until the peak; after it the rate follows half a cosine down to 0
 * @param minSnrGamma gamma of min-SNR weighting (arXiv:2303.09556); 0 for none; ignored by flow
 *     models and debiased losses
 * @param weightDecay weight decay of AdamW
 * @param maxGradNorm the maximum norm of all gradients together (gradient clipping)
 * @param randomFlip whether images are mirrored at random; faces are not symmetric, so off by
 *     default
 * @param classImages number of class images that the base generates for prior preservation
 * @param priorLossWeight weight of the prior preservation loss
 * @param captions captions of the images, with {@code %s} for the person; each step picks one per
 *     image
 * @param seed seed of initial values, order, noise and timesteps
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
  public LoraTraining {
    captions = List.copyOf(captions);
    if (rank < 1 || steps < 1 || batchSize < 1 || warmupSteps < 0 || classImages < 0) {
      throw new IllegalArgumentException(
          "rank " + rank + ", steps " + steps + ", batch " + batchSize
              + ", warmup " + warmupSteps + ", class images " + classImages
              + ": rank, steps and batch must be at least 1, the others at least 0");
    }
    boolean strong = alpha > 0 && learningRate > 0 && maxGradNorm > 0;
    if (!strong || !(minSnrGamma >= 0 && weightDecay >= 0 && priorLossWeight >= 0)) {
      throw new IllegalArgumentException(
          "alpha " + alpha + ", learning rate " + learningRate + ", max gradient norm "
              + maxGradNorm + " must be above 0, gamma " + minSnrGamma + ", weight decay "
              + weightDecay
              + ", prior weight " + priorLossWeight + " not below");
    }
    if (optimizerOptions.distillationGuidance() > 0 && (trainTextEncoder || classImages > 0)) {
      throw new IllegalArgumentException(
          "few-step distillation trains the network alone, without class images; "
              + "turn off the training of the text encoder");
    }
    if (captions.isEmpty()) {
      throw new IllegalArgumentException("there must be a caption, e.g. \"photo of %s\"");
    }
  }

  /** Settings of {@link #balanced} with less than half of its steps, for a first test. */
  public static LoraTraining quick() {
    return balanced().steps(120);
  }

  /**
   * Settings for small bases that train at a high learning rate; {@link #forBase} adapts them to
   * other bases.
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

  /** Settings of {@link #balanced} with three times its steps. */
  public static LoraTraining best() {
    return balanced().steps(900);
  }

  /**
   * Settings for latent consistency distillation (Luo et al. 2023, arXiv:2311.05556), which trains
   * no person. The LoRA lets a UNet base generate in four steps without guidance, with
   * {@code LCMScheduler}.
   *
   * <p>Train with captioned images like those that the base was trained on, and save
   * {@link dev.likeness.lora.TrainedPerson#lora()}.
   *
   * @param guidance guidance scale to distil, from 1
   */
  public static LoraTraining fewStep(double guidance) {
    return new LoraTraining(
        8,
        8,
        LoraTargets.CONVOLUTIONS,
        false,
        1000,
        8,
        3e-4,
        50,
        0,
        0,
        1,
        false,
        0,
        1,
        List.of(""),
        0,
        OptimizerOptions.DEFAULT.emaDecay(0.98).distillationGuidance(guidance));
  }

  /**
   * Returns the settings adapted to a base, for the same number of images. They follow the recipe
   * in the base folder's {@code likeness.json}.
   *
   * <p>Without a recipe they follow diffusers' scripts: attention layers, one image per step, a low
   * learning rate. For transformer bases the text encoders are not trained.
   */
  public LoraTraining forBase(BaseModel base) {
    return TrainingPreset.forBase(this, base);
  }

  private LoraTraining with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.made();
  }

  /** Returns the settings with another rank; alpha keeps its ratio to the rank. */
  public LoraTraining rank(int n) {
    return with(draft -> {
      draft.rank = n;
      draft.alpha = n * alpha / rank;
    });
  }

  /** Returns the settings with other target layers. */
  public LoraTraining targets(LoraTargets layers) {
    return with(draft -> draft.targets = layers);
  }

  /** Returns the settings with another gamma of min-SNR weighting; 0 for none. */
  public LoraTraining minSnrGamma(double gamma) {
    return with(draft -> draft.minSnrGamma = gamma);
  }

  /** Returns the settings with or without training of the text encoders. */
  public LoraTraining trainTextEncoder(boolean learns) {
    return with(draft -> draft.textEncoder = learns);
  }

  /** Returns the settings with another number of optimiser steps, from 1. */
  public LoraTraining steps(int n) {
    return with(draft -> draft.steps = n);
  }

  /** Returns the settings with another number of images per step, from 1. */
  public LoraTraining batchSize(int n) {
    return with(draft -> draft.batch = n);
  }

  /** Returns the settings with another peak learning rate, above 0. */
  public LoraTraining learningRate(double rate) {
    return with(draft -> draft.learningRate = rate);
  }

  /** Returns the settings with or without random mirroring of images. */
  public LoraTraining randomFlip(boolean mirrored) {
    return with(draft -> draft.flip = mirrored);
  }

  /**
   * Returns the settings with prior preservation.
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

  /** Returns the settings with other captions; {@code %s} stands for the person. */
  public LoraTraining captions(String... templates) {
    return with(draft -> draft.captions = List.of(templates));
  }

  /** Returns the settings with another seed. */
  public LoraTraining seed(long value) {
    return with(draft -> draft.seed = value);
  }

  /** Returns the settings with other optimiser options. */
  public LoraTraining optimizerOptions(OptimizerOptions others) {
    return with(draft -> draft.options = others);
  }

  /** Returns the factor of a delta: alpha / rank, or alpha / sqrt(rank) for rsLoRA. */
  public double scale() {
    return alpha / (optimizerOptions.rankStabilised() ? Math.sqrt(rank) : rank);
  }

  /**
   * Whether the layer of this name, such as {@code unet.mid_block.attentions.0.proj_in}, is
   * trained.
   */
  public boolean includes(String layer) {
    boolean chosen = optimizerOptions.targetModules().isEmpty()
        ? targets.includes(layer)
        : layer.matches(optimizerOptions.targetModules());
    return chosen && (trainTextEncoder || LoraTargets.isOfNetwork(layer));
  }

  /** The values while some of them are changed: the one place that knows their order. */
  private static final class Draft {
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
    int priorImages;
    double priorWeight;
    List<String> captions;
    long seed;
    OptimizerOptions options;

    Draft(LoraTraining from) {
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
      longestGradient = from.maxGradNorm();
      flip = from.randomFlip();
      priorImages = from.classImages();
      priorWeight = from.priorLossWeight();
      captions = from.captions();
      seed = from.seed();
      options = from.optimizerOptions();
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
          priorImages,
          priorWeight,
          captions,
          seed,
          options);
    }
  }
}
