package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.lora.training.LearningRateScheduler;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.AcceptedPhoto;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The settings of a training that kohya's and diffusers' scripts have too, with their names. */
@Command(optionListHeading = "Training")
final class TrainingSettingsOptions {
  @NumberRange(min = 0, above = true)
  @Option(
      names = {"--alpha", "--network-alpha"},
      paramLabel = "X",
      description = "alpha of the LoRA, above 0: its strength is alpha / rank (default: the rank)")
  private Double alpha;

  @NumberRange(min = 1, max = NumberRange.MAX_IMAGES)
  @Option(
      names = {"--batch-size", "--train-batch-size"},
      paramLabel = "N",
      description = "images in each batch (default: depends on the base and the memory)")
  private Integer batchSize;

  @NumberRange(min = 1, max = NumberRange.MAX_IMAGES)
  @Option(
      names = "--gradient-accumulation-steps",
      paramLabel = "N",
      description = "batches whose gradients are averaged for each training step (default: 1)")
  private Integer gradientAccumulationSteps;

  @NumberRange(min = 1, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = {"--epochs", "--max-train-epochs", "--num-train-epochs"},
      paramLabel = "N",
      description =
          "number of epochs, instead of --steps. In an epoch, each photo is used once, or as "
              + "often as --repeats says; the steps are the same with --enable-bucket")
  private Integer epochs;

  @NumberRange(min = 1, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = {"--repeats", "--dataset-repeats"},
      paramLabel = "N",
      description = "with --epochs: repeats of each photo in an epoch, times those of its folder's "
          + "name, such as 10_ada (default: 1)")
  private Integer repeats;

  @Option(
      names = {"--lr-scheduler", "--learning-rate-scheduler"},
      paramLabel = "NAME",
      description = "schedule of the learning rate, as in diffusers: constant, linear, cosine or "
          + "cosine-with-restarts (default: cosine-from-start, whose warmup begins above 0; "
          + "constant for dreambooth on another base than portrait)")
  private String scheduler;

  @NumberRange(min = 1, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = {"--lr-scheduler-num-cycles", "--lr-num-cycles"},
      paramLabel = "N",
      description =
          "with --lr-scheduler cosine-with-restarts: number of cosine cycles (default: 1)")
  private Integer cycles;

  @Option(
      names = "--train-text-encoder",
      negatable = true,
      description = "trains the text encoders too, or not (default: depends on the base)")
  private Boolean textEncoder;

  @Option(
      names = "--seed",
      paramLabel = "S",
      converter = GenerateOptions.SeedParser.class,
      description =
          "seed of the initial weights, noise, timesteps and order of images (default: 0)")
  private Long seed;

  /** Returns true if an option of LoRAs is given, which trainings of all weights do not have. */
  boolean hasAlpha() {
    return alpha != null;
  }

  /** Returns true if the steps depend on the number of photos. */
  boolean hasEpochs() {
    return epochs != null;
  }

  /** Refuses options that say the number of steps twice, or not at all. */
  void requireOneLength(boolean hasSteps) {
    if (epochs != null && hasSteps) {
      throw new IllegalArgumentException(
          "--epochs and --steps both say how long the training is;" + " leave out one of them");
    }
    if (repeats != null && epochs == null) {
      throw new IllegalArgumentException(
          "--repeats is the number of repeats in an epoch; give --epochs too, or leave it out and"
              + " give --steps");
    }
  }

  /** Refuses a schedule that is not known, or restarts of a schedule that has none. */
  void requireSchedule() {
    boolean restarts =
        scheduler != null && schedule() == LearningRateScheduler.COSINE_WITH_RESTARTS;
    if (cycles != null && !restarts) {
      throw new IllegalArgumentException(
          "--lr-scheduler-num-cycles does nothing without --lr-scheduler cosine-with-restarts;"
              + " give both or leave it out");
    }
  }

  private LearningRateScheduler schedule() {
    return OptimizerOption.parse(
        LearningRateScheduler.class, "lr-scheduler", scheduler.replace('_', '-'));
  }

  /** Returns the settings with these options, but those of epochs. */
  TrainingSettings apply(TrainingSettings settings) {
    TrainingSettings changed = settings;
    changed = alpha == null ? changed : changed.alpha(alpha);
    changed = batchSize == null ? changed : changed.batchSize(batchSize);
    changed = gradientAccumulationSteps == null
        ? changed
        : changed.gradientAccumulationSteps(gradientAccumulationSteps);
    changed = scheduler == null ? changed : changed.learningRateScheduler(schedule());
    changed = cycles == null ? changed : changed.learningRateCycles(cycles);
    changed = textEncoder == null ? changed : changed.trainTextEncoder(textEncoder);
    return seed == null ? changed : changed.seed(seed);
  }

  /** Returns the settings with the steps of the given epochs, if there are any. */
  TrainingSettings withEpochs(TrainingSettings settings, List<AcceptedPhoto> photos) {
    if (epochs == null) {
      return settings;
    }
    long images =
        photos.stream().mapToLong(AcceptedPhoto::repeats).sum() * (repeats == null ? 1 : repeats);
    long perStep = (long) settings.batchSize() * settings.gradientAccumulationSteps();
    long steps = epochs * ((images + perStep - 1) / perStep);
    if (steps > NumberRange.MAX_TRAINING_STEPS) {
      throw new IllegalArgumentException("--epochs " + epochs + " of " + images
          + " images are " + steps + " training steps, expected at most "
          + NumberRange.MAX_TRAINING_STEPS + "; give fewer epochs or repeats");
    }
    return settings.steps((int) steps);
  }
}
