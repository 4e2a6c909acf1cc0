package dev.likeness.examples.command;

import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.lora.LoraTraining;
import picocli.CommandLine.Option;

/** How a person is learnt, where it should differ from the studio's own way. */
final class TrainingOptions {
  @Option(names = "--rank", paramLabel = "R", description = "rank of the LoRA (default: the studio's)")
  private Integer rank;

  @Option(names = "--train-steps", paramLabel = "N", description = "optimiser steps (default: the studio's)")
  private Integer steps;

  HeadshotStudio of(HeadshotStudio studio) {
    LoraTraining training = studio.training();
    training = rank == null ? training : training.rank(rank);
    return studio.training(steps == null ? training : training.steps(steps));
  }
}
