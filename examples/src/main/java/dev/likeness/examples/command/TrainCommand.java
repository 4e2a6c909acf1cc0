package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.examples.console.Console;
import dev.likeness.examples.console.ConsoleProgress;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.trust.SubjectStore;
import dev.likeness.headshots.trust.SubjectStudio;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import java.io.IOException;
import java.nio.file.Files;
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

  @Option(names = "--out", paramLabel = "FILE", description = "receives the person")
  private Path out;

  @Option(names = "--resume", description = "with --out: goes on where a run with the same photos and settings stopped")
  private boolean resume;

  @Mixin
  private StoreOption store;

  /** A subcommand that speaks to {@code console}. */
  public TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (!photos.given()) {
      throw new IllegalArgumentException("--photos DIR is missing (try likeness train --help)");
    }
    if (store.given() == (out != null)) {
      throw new IllegalArgumentException("give either --out FILE or --store DIR (try likeness train --help)");
    }
    if (store.given()) {
      learnInStore();
    } else {
      learnIntoFile();
    }
  }

  private void learnIntoFile() {
    PhotoReview review = photos.review();
    ReviewText.lines(review).forEach(console.err()::println);
    Path state = out.resolveSibling(out.getFileName() + ".state");
    if (!resume) {
      delete(state);
    }
    try (BaseModel model = base.open();
        TrainedPerson person = studio(model)
            .learn(review, photos.consent(), photos.known(), state, ConsoleProgress.on(console), console.cancellation())) {
      person.save(out);
      delete(state);
      console.out().println(out);
      console.out().flush();
    }
  }

  private void learnInStore() {
    photos.consent();
    try (SubjectStore opened = store.open(); BaseModel model = base.open()) {
      console.out().println(StoreIntake.learn(opened, photos, SubjectStudio.on(model, studio(model)), console));
      console.out().flush();
    }
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio studio = rank.of(HeadshotStudio.on(model));
    return steps == null ? studio : studio.training(studio.training().steps(steps));
  }

  /** The state holds the person as learned so far, so it is kept no longer than it serves. */
  private static void delete(Path state) {
    try {
      Files.deleteIfExists(state);
    } catch (IOException e) {
      throw new MachineLimit("cannot delete " + state + ": " + e.getMessage(), e);
    }
  }
}
