package dev.likeness.cli.command;

import dev.likeness.headshots.HeadshotStudio;
import picocli.CommandLine.Option;

/** How much of the base a person may change. */
final class RankOption {
  @Option(
      names = "--rank",
      paramLabel = "R",
      description = "rank of the LoRA (default: the studio's, or the recipe's)")
  private Integer rank;

  boolean given() {
    return rank != null;
  }

  HeadshotStudio of(HeadshotStudio studio) {
    return rank == null ? studio : studio.training(studio.training().rank(rank));
  }
}
