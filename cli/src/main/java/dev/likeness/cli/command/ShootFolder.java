package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.report.ContactSheet;
import dev.likeness.headshots.report.LikenessVersion;
import dev.likeness.headshots.report.Recommendation;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.report.ShootReport;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The folder that receives a shoot: headshots, contact sheet, record, and the person. */
final class ShootFolder {
  static final String PERSON = "person.safetensors";
  static final String REFERENCE = "reference.safetensors";
  static final String IMAGES = "references.safetensors";
  /** The name that earlier versions gave {@link #REFERENCE}; it is only read. */
  static final String OLD_REFERENCE = "shown.safetensors";

  private static final String SHEET = "contact-sheet.png";
  private static final String REPORT = "report.html";

  private final Path folder;
  private final Disclosure disclosure;
  private final ReviewTools tools;
  private final Console console;
  private final List<ImageFormat> also;

  ShootFolder(
      Path folder,
      List<ImageFormat> also,
      Disclosure disclosure,
      ReviewTools tools,
      Console console) {
    this.folder = folder;
    this.also = also;
    this.disclosure = disclosure;
    this.tools = tools;
    this.console = console;
  }

  /**
   * Returns the reference file of {@code folder}: one with the old name if that is the only one.
   */
  static Path referenceFile(Path folder) {
    Path file = folder.resolve(REFERENCE);
    Path old = folder.resolve(OLD_REFERENCE);
    return !Files.exists(file) && Files.exists(old) ? old : file;
  }

  /** Refuses, before training, a folder that is not writable or a label that cannot be rendered. */
  static void requireWritable(Path folder, Disclosure disclosure) {
    AtomicFile.Writable.requireFolder(folder);
    // Too small for a watermark, which takes longest and cannot fail.
    disclosure.encodePng(RgbImage.of(240, 240, new byte[240 * 240 * 3]));
  }

  /**
   * Runs {@code generation} in {@code studio}. If it fails or is cancelled, the finished headshots
   * and their record are written.
   */
  SelectionOptions.GeneratedShoot generateOrRescue(
      HeadshotStudio studio,
      Function<HeadshotStudio, SelectionOptions.GeneratedShoot> generation,
      Function<List<Headshot>, ShootRecord> record) {
    List<Headshot> finished = new ArrayList<>();
    try {
      return generation.apply(studio.onHeadshot(finished::add));
    } catch (RuntimeException | Error e) {
      try {
        CurrentWork.finish(() -> writeFinished(finished, record));
      } catch (RuntimeException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  private void writeFinished(
      List<Headshot> finished, Function<List<Headshot>, ShootRecord> record) {
    if (!finished.isEmpty()) {
      write(finished);
      record.apply(finished).write(folder.resolve(ShootRecord.FILE));
    }
  }

  /**
   * Deletes the records of earlier images and their copies in other formats, before the images are
   * replaced. So a record never describes other images, even after a crash.
   */
  private void deleteOld(int images) {
    try {
      for (int i = 0; i < images; i++) {
        for (ImageFormat format : ImageFormat.values()) {
          if (format != ImageFormat.PNG) {
            Files.deleteIfExists(file(i, format));
          }
        }
      }
      for (String name : List.of(ShootRecord.FILE, REPORT, SHEET)) {
        Files.deleteIfExists(folder.resolve(name));
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot replace files in " + folder + ": " + e.getMessage()
              + "; check that this user can write to the folder",
          e);
    }
  }

  /** Writes the images, and reports files of an earlier run that are no longer in the record. */
  private void write(List<Headshot> headshots) {
    deleteOld(headshots.size());
    ImageFolder.NumberedFiles.write(
        folder,
        "headshot",
        headshots,
        (headshot, file) -> headshot.write(file, disclosure),
        console);
    int next = headshots.size();
    if (Files.exists(folder.resolve(Headshot.fileName(next)))) {
      console
          .err()
          .println(folder.resolve(Headshot.fileName(next))
              + " and later files are from an earlier run; " + ShootRecord.FILE
              + " does not list them");
    }
  }

  /**
   * Writes all files, prints their names to standard output, and then the recommendation to
   * standard error.
   *
   * @param who the person
   * @param kept the record in the person's file
   * @param review null for a person from a file or store
   * @param judges the photos that judge likeness; null to use the record
   */
  void write(
      BaseModel base,
      SelectionOptions.GeneratedShoot generated,
      ShootRecord untimed,
      Identity who,
      PersonRecord kept,
      PhotoReview review,
      List<AcceptedPhoto> judges,
      Timings watch) {
    Shoot shoot = generated.shoot();
    write(shoot.headshots());
    also.forEach(format -> also(shoot.headshots(), format));
    Optional<FaceEmbedder> judge = SelectionOptions.judge(tools, who, kept, judges);
    ShootSummary.Evidence evidence = new ShootSummary.Evidence(Optional.ofNullable(review), judge);
    ShootSummary made = ShootSummary.of(base, who, kept, evidence);
    List<Authenticity.Result> differences =
        verdicts(kept, judges, shoot, judge.filter(eye -> FaceEmbeddings.canJudge(eye, who)));
    ShootRecord timed = untimed.timings(watch.laps());
    ShootRecord record =
        generated.selection().map(choice -> timed.selection(choice.asList())).orElse(timed);
    Path file = folder.resolve(ShootRecord.FILE);
    Recommendation recommendation = generated
        .selection()
        .map(choice -> Recommendation.of(made, shoot, choice))
        .orElseGet(() -> Recommendation.of(made, shoot, generated.cards()));
    record
        .summary(made)
        .recommendation(recommendation)
        .authenticity(differences)
        .write(file);
    Path sheet = folder.resolve(SHEET);
    RgbImage overview = ContactSheet.of(
        recommendation,
        "Generated by likeness " + LikenessVersion.current() + " with the base model " + base.name()
            + ": generated images, not photographs");
    byte[] png = disclosure
        .source(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
        .forContactSheets()
        .encodePng(overview);
    AtomicFile.writePrivate(sheet, out -> out.write(png));
    console.out().println(sheet);
    console.out().println(file);
    Path report = folder.resolve(REPORT);
    ShootReport.of(recommendation).differences(differences).marking(disclosure).write(report);
    console.out().println(report);
    console.out().flush();
    console.err().println(recommendation.sentence());
  }

  private void also(List<Headshot> headshots, ImageFormat format) {
    for (int i = 0; i < headshots.size(); i++) {
      disclosure.write(headshots.get(i).image(), format, file(i, format));
      console.out().println(file(i, format));
    }
  }

  private Path file(int index, ImageFormat format) {
    return folder.resolve(Headshot.fileName(index).replace(".png", "." + format.extension()));
  }

  private List<Authenticity.Result> verdicts(
      PersonRecord kept, List<AcceptedPhoto> judges, Shoot shoot, Optional<FaceEmbedder> judge) {
    ReviewTools judging = judge.map(tools::withEmbedder).orElseGet(tools::withoutEmbedder);
    Optional<Authenticity> measure = judges == null
        ? Authenticity.of(kept, judging)
        : Optional.of(judges)
            .filter(photos -> !photos.isEmpty())
            .map(photos -> Authenticity.of(photos, judging));
    return measure
        .map(authenticity -> shoot.headshots().stream()
            .map(headshot -> authenticity.judge(headshot.marked(disclosure)))
            .toList())
        .orElse(List.of());
  }

  /** Measures the durations of consecutive stages. */
  static final class Timings {
    private final Map<String, Duration> laps = new LinkedHashMap<>();
    private long last = System.nanoTime();

    /** Ends the stage that began with the last lap, under this name. */
    void lap(String name) {
      long now = System.nanoTime();
      laps.put(name, Duration.ofNanos(now - last));
      last = now;
    }

    Map<String, Duration> laps() {
      return Collections.unmodifiableMap(laps);
    }
  }
}
