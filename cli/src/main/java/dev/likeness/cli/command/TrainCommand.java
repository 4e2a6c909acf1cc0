package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.plot.TrainingPlot;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingState;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness train}: learns a person from photos, to be drawn later. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Learns a person from photos into a small file, to be drawn later with headshot --person.")
public final class TrainCommand implements Runnable {
  private final Console console;

  @Mixin
  private PhotoOptions photos;

  @Mixin
  private BaseOptions base;

  @Mixin
  private RankOption rank;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "optimiser steps (default: the recipe's; with --store the studio's; for"
          + " dreambooth 300 on a small base, else 400)")
  private Integer steps;

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      defaultValue = "lora",
      description = "lora learns a small file;"
          + " dreambooth a copy of the whole base, in a folder (default: ${DEFAULT-VALUE})")
  private String method;

  @Option(
      names = "--out",
      paramLabel = "FILE|DIR",
      description = "receives the person, or the model")
  private Path out;

  @Option(
      names = "--class-images",
      paramLabel = "N",
      description = "images of others that the base draws first and"
          + " learns to keep (default: 50 for dreambooth on a base of full size, else none)")
  private Integer classImages;

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description = "with --out: receives a plot of the loss, a PNG")
  private Path plot;

  @Option(
      names = "--validation-steps",
      paramLabel = "N",
      description = "looks every N steps at headshots, beside every fifth photo,"
          + " which is not learned from; keeps the best look and ends when nothing better comes")
  private Integer validationInterval;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      defaultValue = "BALANCED",
      description = "${COMPLETION-CANDIDATES}: the"
          + " numbers for this many photos, this base and this machine (default: ${DEFAULT-VALUE})")
  private TrainingPreset preset;

  @Mixin
  private FaceOptions faces;

  @Option(
      names = "--resume",
      description =
          "with --out: goes on where a run with the same photos and settings stopped, which else is deleted")
  private boolean resume;

  @Mixin
  private VaultOptions store;

  /** A subcommand that speaks to {@code console}. */
  public TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (!photos.isGiven()) {
      throw new IllegalArgumentException("--photos DIR is missing (try likeness train --help)");
    }
    store.requireUsedSigner();
    if (store.isGiven() == (out != null)) {
      throw new IllegalArgumentException(
          "give either --out FILE or --store DIR (try likeness train --help)");
    }
    if (!method.equals("lora") && !method.equals("dreambooth")) {
      throw new IllegalArgumentException(
          "--method " + method + " is not known; give lora or dreambooth");
    }
    boolean whole = method.equals("dreambooth");
    if (store.isGiven() && (whole || plot != null)) {
      throw new IllegalArgumentException(
          "--method dreambooth and --plot need --out; a store keeps person files alone");
    }
    if (whole && (rank.isGiven() || preset != TrainingPreset.BALANCED)) {
      throw new IllegalArgumentException(
          "--rank and --recipe are for LoRAs; leave them out with --method dreambooth");
    }
    if (whole && !base.isUnmodified()) {
      throw new IllegalArgumentException(
          "--vae and --part would not be in the model that --method dreambooth writes, a copy of the base's"
              + " folder; put them into the base's folder first");
    }
    if (store.isGiven()
        && (validationInterval != null || preset != TrainingPreset.BALANCED || resume)) {
      throw new IllegalArgumentException(
          "--validation-steps, --recipe and --resume need --out; a training that is stopped leaves nobody in a store");
    }
    if (store.isGiven()) {
      trainInStore();
    } else {
      trainInto(whole);
    }
  }

  private void trainInto(boolean whole) {
    if (whole) {
      TrainedModel.requireWritable(base.folder(), out);
      AtomicFile.Writable.requireFolder(out.toAbsolutePath().normalize().getParent());
    } else {
      AtomicFile.Writable.requireFile(out);
    }
    if (plot != null) {
      AtomicFile.Writable.requireFile(plot);
    }
    try (ReviewTools tools = faces.open()) {
      trainInto(whole, photos.review(tools), tools);
    }
  }

  private void trainInto(boolean whole, PhotoReview review, ReviewTools tools) {
    photos.warn(base, console);
    PhotoOptions.ReviewText.lines(review).forEach(console.err()::println);
    Path place = Files.isDirectory(out) ? out.toAbsolutePath().normalize() : out;
    Path state = place.resolveSibling(place.getFileName() + ".state");
    if (!resume) {
      if (Files.exists(state)) {
        console
            .err()
            .println(state
                + " of a run that was stopped is deleted; --resume would have gone on from it");
      }
      TrainingState.delete(state);
    }
    TrainingPlot watched = TrainingPlot.beside(state, ConsoleProgress.on(console));
    try (BaseModel model = base.open();
        FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        FaceGuidance holding =
            FaceGuidance.findIn(base.folder(), model, tools.detector()).orElse(null)) {
      FaceEmbedder eye = tools.embedder().orElse(own);
      HeadshotStudio studio =
          withValidation(withEmbedder(HeadshotStudio.on(model).faceGuidance(holding), eye), eye);
      if (whole) {
        trainModel(studio, model, review, state, watched);
      } else {
        trainPerson(studio, model, review, state, watched);
      }
    } catch (RuntimeException e) {
      PersonSource.reportState(state, "with --resume the same command", e, console);
      throw e;
    }
    TrainingState.delete(state);
    if (plot != null && watched.hasSteps()) {
      watched.render().writePng(plot);
    } else if (plot != null) {
      console.err().println("no plot was drawn: the training was done before it was stopped");
    }
    console.out().println(out);
    console.out().flush();
  }

  /** The file keeps what faces are to {@code eye}, where there is one. */
  private static HeadshotStudio withEmbedder(HeadshotStudio studio, FaceEmbedder eye) {
    return eye == null ? studio : studio.embedder(eye);
  }

  private HeadshotStudio withValidation(HeadshotStudio studio, FaceEmbedder eye) {
    if (validationInterval != null && eye == null) {
      throw new IllegalArgumentException(
          "--validation-steps compares faces; give --embedder FILE, since the base brings no embedder");
    }
    return validationInterval == null ? studio : studio.validation(validationInterval, eye);
  }

  private void trainPerson(
      HeadshotStudio studio, BaseModel model, PhotoReview review, Path state, Progress progress) {
    LoraTraining numbers = preset
        .of(model, review.accepted().size())
        .captions(studio.trainer().settings().captions().toArray(String[]::new));
    LoraTraining asked = withOptions(rank.apply(studio.training(numbers)).trainer().settings());
    LoraTrainer fitting = new LoraTrainer(asked)
        .fitting(model, validationInterval != null, model.compute().memory().total());
    console
        .err()
        .println("takes about "
            + fitting.memory(
                model,
                model.defaults().width(),
                model.defaults().height(),
                validationInterval != null));
    try (TrainedPerson person = studio
        .training(asked)
        .trainer()
        .train(
            review, photos.consent(), photos.profile(), state, progress, console.cancellation())) {
      person.save(out);
      printPhrase(person.phrase());
    }
  }

  private void trainModel(
      HeadshotStudio studio, BaseModel model, PhotoReview review, Path state, Progress progress) {
    DreamBooth way = DreamBooth.forBase(model);
    DreamBooth asked = way.withSettings(withOptions(way.settings().captions("selfie of %s")));
    console
        .err()
        .println("takes about "
            + asked.estimateMemory(
                model,
                model.defaults().width(),
                model.defaults().height(),
                validationInterval != null));
    try (TrainedModel trained = studio.trainer().trainModel(
        review,
        photos.consent(),
        photos.profile(),
        asked,
        state,
        progress,
        console.cancellation())) {
      trained.save(base.folder(), out, model.compute().dtype());
      printPhrase(trained.personToken().phrase());
    }
  }

  private void printPhrase(String phrase) {
    console.err().println("in prompts: " + phrase);
  }

  private void trainInStore() {
    photos.consent();
    // Opened once before, to find out first that it cannot be.
    store.open(console).close();
    photos.warn(base, console);
    try (BaseModel model = base.open();
        ReviewTools tools = faces.open();
        FaceEmbedder own = ReviewTools.embedderIn(base.folder()).orElse(null);
        FaceGuidance holding =
            FaceGuidance.findIn(base.folder(), model, tools.detector()).orElse(null)) {
      HeadshotStudio studio =
          withEmbedder(studio(model).faceGuidance(holding), tools.embedder().orElse(own));
      console.out().println(new VaultTraining(store, photos, console).train(studio, tools));
      console.out().flush();
    }
  }

  private HeadshotStudio studio(BaseModel model) {
    HeadshotStudio studio = rank.apply(HeadshotStudio.on(model));
    return studio.training(withOptions(studio.trainer().settings()));
  }

  private LoraTraining withOptions(LoraTraining settings) {
    LoraTraining timed = steps == null ? settings : settings.steps(steps);
    return classImages == null ? timed : timed.priorPreservation(classImages, timed.priorLossWeight());
  }

  /** How much of the base a person may change. */
  static final class RankOption {
    @Option(
        names = "--rank",
        paramLabel = "R",
        description = "rank of the LoRA (default: the studio's, or the recipe's)")
    private Integer rank;

    boolean isGiven() {
      return rank != null;
    }

    HeadshotStudio apply(HeadshotStudio studio) {
      return rank == null ? studio : studio.training(studio.trainer().settings().rank(rank));
    }
  }
}
