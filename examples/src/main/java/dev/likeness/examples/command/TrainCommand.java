package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.examples.console.Console;
import dev.likeness.examples.console.ConsoleProgress;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness train}: learns a person from photos, to be drawn later. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Learns a person from photos into a small file, to be drawn later with headshot --person.")
public final class TrainCommand implements Runnable {
  private final Console console;

  @Mixin
  private PhotoOptions photos;

  @Mixin
  private BaseOptions base;

  @Mixin
  private RankOption rank;

  @Option(names = "--steps", paramLabel = "N", description = "optimiser steps (default: the studio's)")
  private Integer steps;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "receives the person")
  private Path out;

  /** A subcommand that speaks to {@code console}. */
  public TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (!photos.given()) {
      throw new IllegalArgumentException("--photos DIR is missing (try likeness train --help)");
    }
    PhotoReview review = photos.review();
    ReviewText.lines(review).forEach(console.err()::println);
    try (BaseModel model = base.open();
        TrainedPerson person = studio(model)
            .learn(review, photos.consent(), ConsoleProgress.on(console), console.cancellation())) {
      person.save(out);
      console.out().println(out);
      console.out().flush();
    }
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio studio = rank.of(HeadshotStudio.on(model));
    return steps == null ? studio : studio.training(studio.training().steps(steps));
  }
}
