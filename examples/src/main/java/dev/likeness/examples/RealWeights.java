package dev.likeness.examples;

import dev.likeness.cli.command.PhotoOptions;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.console.ExitStatus;
import dev.likeness.cli.console.Interrupt;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.TrainingState;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessReport;
import dev.likeness.photos.likeness.ValidationSplit;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * Trains, generates and reports with your own weights and selfies. An independent embedder measures
 * likeness; see {@code docs/explanation/how-likeness-is-judged.md}.
 * {@code examples/bin/real-weights} runs it.
 *
 * @param console receives the output
 * @param configure changes the studio that trains
 * @param request the shoot
 */
public record RealWeights(
    Console console, UnaryOperator<HeadshotStudio> configure, ShootRequest request) {
  private static final String USAGE =
      "usage: real-weights BASE PHOTOS HELD_BACK YUNET.onnx EMBEDDER.onnx OUT";
  private static final int IMAGES = 8;
  private static final ReviewOptions REVIEW = ReviewOptions.defaults();

  /**
   * Runs the example and ends the JVM with its exit status.
   *
   * @param args base, training photos, held-back photos, YuNet file, embedder file, output folder
   */
  public static void main(String[] args) {
    Console console = Console.ofProcess();
    RealWeights example = new RealWeights(
        console, UnaryOperator.identity(), ShootRequest.of(Style.named("studio"), IMAGES));
    Interrupt.exit(console, () -> example.run(args));
  }

  /**
   * Runs the example.
   *
   * @param args the arguments of {@link #main}
   * @return the exit status
   */
  public int run(String... args) {
    try {
      if (args.length != 6) {
        throw new IllegalArgumentException(USAGE);
      }
      report(
          Path.of(args[0]),
          Path.of(args[1]),
          Path.of(args[2]),
          Path.of(args[3]),
          Path.of(args[4]),
          Path.of(args[5]));
      return ExitStatus.DONE.code();
    } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
      return console.report(e);
    }
  }

  private void report(
      Path base, Path photos, Path heldBack, Path detector, Path embedder, Path out) {
    requireFolder(out);
    try (ReviewTools tools = ReviewTools.builtIn()
        .withDetector(detector)
        .withEmbedder(embedder, UsePolicy.NON_COMMERCIAL)) {
      PhotoReview training = review("training", photos, tools);
      List<AcceptedPhoto> unseen =
          withoutDuplicates(review("held back", heldBack, tools), training);
      Likeness likeness = Likeness.of(
          new ValidationSplit(training.accepted(), unseen, true),
          tools.detector(),
          tools.embedder().orElseThrow());
      List<RgbImage> headshots = headshots(base, training, out);
      lines(likeness.report(headshots)).forEach(console.out()::println);
      console.out().flush();
    }
  }

  /** Checks before hours of work that headshots can be written. */
  private static void requireFolder(Path out) {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new ResourceLimitException("cannot write into " + out + "; choose another folder", e);
    }
  }

  private PhotoReview review(String what, Path folder, ReviewTools tools) {
    PhotoReview review = PhotoReview.of(PhotoSet.from(folder), tools, REVIEW);
    console.out().println("photos " + what + ":");
    PhotoOptions.ReviewText.lines(review).forEach(line -> console.out().println("  " + line));
    console.out().flush();
    return review;
  }

  /**
   * Returns the held-back photos that do not repeat a training photo, which would raise every
   * likeness.
   */
  private List<AcceptedPhoto> withoutDuplicates(PhotoReview heldBack, PhotoReview training) {
    QualityLimits.Band same = REVIEW.qualityLimits().band(ReasonCode.NEAR_DUPLICATE);
    List<AcceptedPhoto> unseen = new ArrayList<>(heldBack.accepted());
    for (AcceptedPhoto seen : training.accepted()) {
      unseen.removeIf(photo -> {
        boolean copied = same.judge(photo.distance(seen)) != Verdict.KEEP;
        if (copied) {
          console
              .out()
              .println("  " + photo.name() + " is ignored: it is nearly the same shot as "
                  + seen.name());
        }
        return copied;
      });
    }
    if (unseen.isEmpty()) {
      throw new InvalidInputException(
          "no photo is left for validation; hold back photos that are not in the training set");
    }
    return unseen;
  }

  private List<RgbImage> headshots(Path files, PhotoReview photos, Path out) {
    Progress progress = ConsoleProgress.on(console);
    List<RgbImage> generated = new ArrayList<>();
    try (BaseModel base = BaseModel.open(files, Compute.best())) {
      HeadshotStudio studio = configure.apply(HeadshotStudio.on(base)).onHeadshot(headshot -> {
        headshot.write(out.resolve(Headshot.fileName(generated.size())));
        generated.add(headshot.image());
      });
      try (LoraPerson person = train(studio, photos, out, progress)) {
        studio.shoot(person, request, new Run(progress, console.cancellation()));
        return generated;
      }
    }
  }

  /**
   * Trains the person and saves it at once, so that a later failure does not lose hours of
   * training.
   */
  private LoraPerson train(HeadshotStudio studio, PhotoReview photos, Path out, Progress progress) {
    Path file = out.resolve("person.safetensors");
    Path state = studio.trainer().stateFile(out, photos, PersonProfile.UNKNOWN);
    if (Files.exists(file) && !TrainingState.matches(file, state)) {
      throw new InvalidInputException(
          file
              + " was trained on other photos or settings, and is not replaced; give another OUT, or move it away");
    }
    LoraPerson person = studio
        .trainer()
        .train(
            TrainingRequest.of(photos, Consent.of("my own photos, for my own use"))
                .stateFile(state),
            new Run(progress, console.cancellation()));
    try {
      TrainingState.tag(person, state).save(file);
      TrainingState.deleteAll(out);
      return person;
    } catch (RuntimeException e) {
      person.close();
      throw e;
    }
  }

  /** Returns the lines of a report: the most similar images first, then the summary. */
  static List<String> lines(LikenessReport report) {
    List<String> lines = new ArrayList<>();
    for (int i : report.ranking()) {
      var score = report.images().get(i);
      lines.add(Headshot.fileName(i)
          + (score.hasFace()
              ? String.format(
                  Locale.ROOT,
                  "  %5.2f, more similar than %.0f %% of the pairs of own photos",
                  score.cosine(),
                  100 * score.percentile())
              : "  no face was found"));
    }
    if (!Double.isNaN(report.mean())) {
      lines.add(String.format(
          Locale.ROOT,
          "mean %.2f (%.2f to %.2f); mean of pairs of own photos: %.2f",
          report.mean(),
          report.confidenceInterval().low(),
          report.confidenceInterval().high(),
          report.genuineMean()));
    }
    lines.add(report.meaning());
    return lines;
  }
}
