package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.lora.training.TrainingSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The option for the rank of the LoRA. */
@Command(optionListHeading = "Training")
final class RankOption {
  @NumberRange(min = 1, max = Integer.MAX_VALUE)
  @Option(
      names = {"--rank", "--network-dim"},
      paramLabel = "R",
      description = "rank of the LoRA (default: depends on the base)")
  private Integer rank;

  boolean isGiven() {
    return rank != null;
  }

  TrainingSettings apply(TrainingSettings settings) {
    return rank == null ? settings : settings.rank(rank);
  }
}
