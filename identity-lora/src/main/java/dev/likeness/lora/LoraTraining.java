package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainingLoop;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSet;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * How to teach a base model a person: every number of a LoRA training (Hu et al. 2021,
 * arXiv:2106.09685; Ruiz et al. 2022, arXiv:2208.12242). Immutable; the {@code with}-like methods
 * return another one.
 *
 * @param rank of each layer's change
 * @param alpha strength: a change counts alpha / rank
 * @param targets which layers are changed
 * @param textEncoder whether text encoders learn too: CLIP's of the targets, T5 only where the
 *     options' pattern names its layers
 * @param steps optimiser steps
 * @param batch pictures in each step
 * @param learningRate at its height
 * @param warmup steps until it is reached; it then falls along half a cosine
 * @param minSnrGamma of min-SNR weighting (arXiv:2303.09556), or 0 for none; flow models and
 *     debiased losses have none
 * @param weightDecay of AdamW
 * @param longestGradient what the length of all gradients is cut to
 * @param flip whether pictures are also shown mirrored; faces are not symmetric, so not unless
 *     asked
 * @param priorPictures pictures of the class that the base draws first and learns to keep: others
 *     stay themselves
 * @param priorWeight what these count beside the person's own
 * @param captions what the pictures are called, {@code %s} being the person; each step draws one
 *     for each picture
 * @param seed of first values, order, noise and timesteps
 * @param options what few people change
 */
public record LoraTraining(
    int rank,
    double alpha,
    LoraTargets targets,
    boolean textEncoder,
    int steps,
    int batch,
    double learningRate,
    int warmup,
    double minSnrGamma,
    double weightDecay,
    double longestGradient,
    boolean flip,
    int priorPictures,
    double priorWeight,
    List<String> captions,
    long seed,
    OptimizerOptions options) {
  public LoraTraining {
    captions = List.copyOf(captions);
    if (rank < 1 || steps < 1 || batch < 1 || warmup < 0 || priorPictures < 0) {
      throw new IllegalArgumentException("rank " + rank + ", steps " + steps + ", batch " + batch
          + ", warmup " + warmup + ", class pictures " + priorPictures
          + ": rank, steps and batch must be at least 1, the others at least 0");
    }
    boolean strong = alpha > 0 && learningRate > 0 && longestGradient > 0;
    if (!strong || !(minSnrGamma >= 0 && weightDecay >= 0 && priorWeight >= 0)) {
      throw new IllegalArgumentException(
          "alpha " + alpha + ", learning rate " + learningRate + ", longest gradient "
              + longestGradient + " must be above 0, gamma " + minSnrGamma + ", weight decay "
              + weightDecay
              + ", prior weight " + priorWeight + " not below");
    }
    if (options.distilled() > 0 && (textEncoder || priorPictures > 0)) {
      throw new IllegalArgumentException(
          "drawing in few steps is learnt by the network alone, without class pictures; "
              + "turn the text encoder's learning off");
    }
    if (captions.isEmpty()) {
      throw new IllegalArgumentException("there must be a caption, e.g. \"photo of %s\"");
    }
  }

  /** As {@link #balanced}, for less than half as long: a first look. */
  public static LoraTraining quick() {
    return balanced().steps(120);
  }

  /**
   * For a base that is learned in large steps; {@link #suitedTo} makes of it what another base
   * wants.
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
        OptimizerOptions.PLAIN);
  }

  /** As {@link #balanced}, for three times as long. */
  public static LoraTraining best() {
    return balanced().steps(900);
  }

  /**
   * Not a person, but to draw in four steps without guidance, with {@code LCMScheduler}, what a
   * base of UNet draws in many with this guidance: latent consistency distillation (Luo et al.
   * 2023, arXiv:2311.05556). Give pictures with a caption each, such as the base learnt from, and
   * save {@link TrainedPerson#lora()}.
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
        OptimizerOptions.PLAIN.ema(0.98).distilled(guidance));
  }

  /**
   * Teaches {@code base} the person in {@code pictures}; the base itself stays as it is. Computes
   * in the base's own type, with the person's factors in f32.
   *
   * @param pictures crops of one size whose sides are multiples of the base's latent factor (8)
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public TrainedPerson train(
      BaseModel base,
      List<RgbImage> pictures,
      PersonToken subject,
      Progress progress,
      Cancellation cancellation) {
    return train(base, pictures, subject, null, progress, cancellation);
  }

  /**
   * As above, keeping its state in a file: a run that was stopped, or killed, goes on from there
   * and ends with the same weights to the bit, on a CPU.
   *
   * @param state where the state is, and is kept every 25 steps, or less often where that took more
   *     than a hundredth of the time; null to keep none
   * @throws dev.likeness.diffusion.error.InvalidInputException when the state is of another
   *     training
   */
  public TrainedPerson train(
      BaseModel base,
      List<RgbImage> pictures,
      PersonToken subject,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return train(base, TrainingSet.of(pictures, subject).state(state), progress, cancellation);
  }

  /**
   * As above, with all that a set may say: a caption and a focus for each picture, previews that
   * are scored.
   */
  public TrainedPerson train(
      BaseModel base, TrainingSet set, Progress progress, Cancellation cancellation) {
    return progress.around(() -> {
      try (TrainableAdapter factors = new TrainableAdapter(this, set.subject(), base);
          TrainingLoop run = new TrainingLoop(this, base, set, factors, progress)) {
        return run.person(run.train(cancellation));
      }
    });
  }

  /** What learning a LoRA takes of memory on {@code base}, with pictures of its own size. */
  public TrainingMemory memory(BaseModel base) {
    return memory(base, base.defaults().width(), base.defaults().height());
  }

  /** The same with pictures of another size. */
  public TrainingMemory memory(BaseModel base, int width, int height) {
    return memory(base, width, height, false);
  }

  /**
   * The same where {@code watched} by {@link dev.likeness.lora.training.ValidationOptions}, too.
   */
  public TrainingMemory memory(BaseModel base, int width, int height, boolean watched) {
    return TrainingMemory.of(this, base, width, height, false, watched);
  }

  public LearningRateSchedule schedule() {
    LearningRateSchedule course = options.constantRate()
        ? LearningRateSchedule.constant(learningRate)
        : LearningRateSchedule.cosine(learningRate, steps);
    return warmup == 0 ? course : course.warmup(warmup);
  }

  /**
   * The same by the recipe of {@code base}, over as many images. Without one that its folder
   * declares ({@code likeness.json}) a base is trained as by diffusers' scripts: attention alone,
   * one image a step, a low learning rate, and a transformer with its text encoders as they are.
   */
  public LoraTraining suitedTo(BaseModel base) {
    return TrainingPreset.suited(this, base);
  }

  private LoraTraining with(Consumer<TrainingDraft> change) {
    TrainingDraft draft = new TrainingDraft(this);
    change.accept(draft);
    return draft.made();
  }

  /** Another rank; alpha keeps its ratio to it. */
  public LoraTraining rank(int n) {
    return with(draft -> {
      draft.rank = n;
      draft.alpha = n * alpha / rank;
    });
  }

  /** Other layers. */
  public LoraTraining targets(LoraTargets layers) {
    return with(draft -> draft.targets = layers);
  }

  /** Another gamma of min-SNR weighting, 0 for none. */
  public LoraTraining minSnrGamma(double gamma) {
    return with(draft -> draft.minSnrGamma = gamma);
  }

  /** With the text encoder learning, or not. */
  public LoraTraining textEncoder(boolean learns) {
    return with(draft -> draft.textEncoder = learns);
  }

  /** Another number of optimiser steps. */
  public LoraTraining steps(int n) {
    return with(draft -> draft.steps = n);
  }

  /** Another number of pictures in each step. */
  public LoraTraining batch(int n) {
    return with(draft -> draft.batch = n);
  }

  /** Another learning rate. */
  public LoraTraining learningRate(double rate) {
    return with(draft -> draft.learningRate = rate);
  }

  /** With mirrored pictures too, or not. */
  public LoraTraining flip(boolean mirrored) {
    return with(draft -> draft.flip = mirrored);
  }

  /** Prior preservation with this many class pictures, which count {@code weight}. */
  public LoraTraining prior(int count, double weight) {
    return with(draft -> {
      draft.priorPictures = count;
      draft.priorWeight = weight;
    });
  }

  /** Other captions, {@code %s} being the person. */
  public LoraTraining captions(String... templates) {
    return with(draft -> draft.captions = List.of(templates));
  }

  /** Another seed. */
  public LoraTraining seed(long value) {
    return with(draft -> draft.seed = value);
  }

  /** Other options. */
  public LoraTraining options(OptimizerOptions others) {
    return with(draft -> draft.options = others);
  }

  /** What a change's factors are multiplied by. */
  public double scale() {
    return alpha / (options.rankStabilised() ? Math.sqrt(rank) : rank);
  }

  public boolean includes(TargetLayer layer) {
    boolean chosen = options.modules().isEmpty()
        ? targets.includes(layer)
        : layer.name().matches(options.modules());
    boolean draws =
        layer.part() == ModelComponent.UNET || layer.part() == ModelComponent.TRANSFORMER;
    return chosen && !layer.isNorm() && (draws || textEncoder);
  }
}
