package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSettings;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options for the optimiser of a training, and for the form of the trained changes. */
@Command(optionListHeading = "Training")
final class OptimizerOption {
  @Option(
      names = {"--optimizer", "--optimizer-type"},
      paramLabel = "NAME",
      description = "optimiser: adamw, adamw-8bit, adamw-schedule-free, adafactor, prodigy or lion "
          + "(default: adamw)")
  private String optimizer;

  @NumberRange(min = 0, above = true)
  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "peak learning rate, above 0 (default: depends on the base; 1 for prodigy)")
  private Double learningRate;

  @NumberRange(min = 0, max = NumberRange.MAX_TRAINING_STEPS)
  @Option(
      names = {"--warmup-steps", "--lr-warmup-steps"},
      paramLabel = "N",
      description = "steps until the learning rate reaches its peak (default: 10, but 0 for "
          + "dreambooth on another base than portrait)")
  private Integer warmupSteps;

  @NumberRange(min = 0, max = 1, below = true)
  @Option(
      names = "--ema-decay",
      paramLabel = "X",
      description = "averages the weights (EMA) with this decay, from 0 to below 1, such as 0.99; "
          + "the average becomes the result (default: 0, no average)")
  private Double emaDecay;

  @Option(
      names = "--algorithm",
      paramLabel = "NAME",
      description = "algorithm of the trained adapter: lora, dora, lokr or loha (default: lora)")
  private String algorithm;

  /** Returns true if a form of changes is given, which trainings of all weights do not have. */
  boolean hasAlgorithm() {
    return algorithm != null;
  }

  /** Refuses names that are not known, before any work. */
  void requireKnown() {
    apply(TrainingSettings.balanced());
  }

  /** Returns the settings with these options. */
  TrainingSettings apply(TrainingSettings settings) {
    TrainingSettings changed = settings;
    if (optimizer != null) {
      TrainingOptimizer kind = parse(TrainingOptimizer.class, "optimizer", optimizer);
      changed = changed.optimizer(kind);
      changed = kind == TrainingOptimizer.PRODIGY ? changed.learningRate(1) : changed;
    }
    if (algorithm != null) {
      changed = changed.algorithm(parse(AdapterAlgorithm.class, "algorithm", algorithm));
    }
    if (emaDecay != null) {
      changed = changed.emaDecay(emaDecay);
    }
    changed = learningRate == null ? changed : changed.learningRate(learningRate);
    return warmupSteps == null ? changed : changed.warmupSteps(warmupSteps);
  }

  /** Parses a name of an enumeration; {@code option} is the name of the option in the error. */
  static <E extends Enum<E>> E parse(Class<E> type, String option, String given) {
    return Arrays.stream(type.getEnumConstants())
        .filter(value -> name(value).equals(given.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown --" + option + " \"" + given
            + "\"; known: "
            + Arrays.stream(type.getEnumConstants())
                .map(OptimizerOption::name)
                .collect(Collectors.joining(", "))));
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
