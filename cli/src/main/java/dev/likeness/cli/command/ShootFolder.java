package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The folder that receives a shoot: headshots, contact sheet, record, and the person. */
final class ShootFolder {
  static final String PERSON = "person.safetensors";
  static final String IP_ADAPTER = "person-ipadapter.safetensors";
  static final String REFERENCES = "person-references.safetensors";

  // The names in folders of earlier versions, which are only read.
  private static final List<String> FORMER_IP_ADAPTER =
      List.of("reference.safetensors", "shown.safetensors");
  private static final List<String> FORMER_REFERENCES = List.of("references.safetensors");

  /** The names of the files that a shoot writes, without those of the person. */
  static final String RESULTS =
      "headshot-[0-9]+\\.(png|jpg|webp)|contact-sheet\\.png|report\\.html|record\\.json";

  private static final String SHEET = "contact-sheet.png";
  private static final String REPORT = "report.html";

  private final Earlier earlier;
  private Path folder;
  private final Disclosure disclosure;
  private final ReviewTools tools;
  private final Console console;
  private final List<ImageFormat> also;

  ShootFolder(
      Path folder,
      Earlier earlier,
      List<ImageFormat> also,
      Disclosure disclosure,
      ReviewTools tools,
      Console console) {
    this.folder = folder;
    this.earlier = earlier;
    this.also = also;
    this.disclosure = disclosure;
    this.tools = tools;
    this.console = console;
  }

  /** Returns the file of {@code folder} with the person's embeddings for an IP-Adapter. */
  static Path ipAdapterFile(Path folder) {
    return file(folder, IP_ADAPTER, FORMER_IP_ADAPTER);
  }

  /** Returns the file of {@code folder} with the person's reference images. */
  static Path referencesFile(Path folder) {
    return file(folder, REFERENCES, FORMER_REFERENCES);
  }

  /** Returns the file called {@code name}, or one with a former name if that is the only one. */
  private static Path file(Path folder, String name, List<String> formerNames) {
    Path file = folder.resolve(name);
    return Files.exists(file)
        ? file
        : formerNames.stream()
            .map(folder::resolve)
            .filter(Files::exists)
            .findFirst()
            .orElse(file);
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
      write(ShootRecord.FILE, record.apply(finished).interrupted()::write);
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
          if (format != ImageFormat.PNG || !earlier.overwrite()) {
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
    folder = earlier.freeFolder(folder, console);
    deleteOld(headshots.size());
    for (int i = 0; i < headshots.size(); i++) {
      Headshot headshot = headshots.get(i);
      console.out().println(write(Headshot.fileName(i), file -> headshot.write(file, disclosure)));
      console.out().flush();
    }
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
   * @param alike the likeness by the adapter that shows the person
   * @param who the person
   * @param kept the record in the person's file
   * @param review null for a person from a file or store
   * @param judges the photos that judge likeness; null to use the record
   */
  void write(
      BaseModel base,
      SelectionOptions.GeneratedShoot generated,
      ShootRecord untimed,
      Optional<AdapterLikeness> alike,
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
    ShootSummary plain = ShootSummary.of(base, who, kept, evidence);
    ShootSummary made = alike.map(measured -> measured.addTo(plain)).orElse(plain);
    List<Authenticity.Result> differences =
        verdicts(kept, judges, shoot, judge.filter(eye -> FaceEmbeddings.canJudge(eye, who)));
    ShootRecord measured = alike.map(both -> both.addTo(untimed)).orElse(untimed);
    ShootRecord timed = measured.timings(watch.laps());
    ShootRecord record =
        generated.selection().map(choice -> timed.selection(choice.asList())).orElse(timed);
    Recommendation recommendation = generated
        .selection()
        .map(choice -> Recommendation.of(made, shoot, choice))
        .orElseGet(() -> Recommendation.of(made, shoot, generated.cards()));
    Path file = write(
        ShootRecord.FILE,
        record.summary(made).recommendation(recommendation).authenticity(differences)::write);
    RgbImage overview = ContactSheet.of(
        recommendation,
        "Generated by likeness " + LikenessVersion.current() + " with the base model " + base.name()
            + ": generated images, not photographs");
    byte[] png = disclosure
        .source(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
        .forContactSheets()
        .encodePng(overview);
    console
        .out()
        .println(write(SHEET, sheet -> AtomicFile.writePrivate(sheet, out -> out.write(png))));
    console.out().println(file);
    console
        .out()
        .println(write(
            REPORT,
            ShootReport.of(recommendation).differences(differences).marking(disclosure)::write));
    console.out().flush();
    console.err().println(recommendation.sentence());
  }

  private void also(List<Headshot> headshots, ImageFormat format) {
    for (int i = 0; i < headshots.size(); i++) {
      RgbImage image = headshots.get(i).image();
      console
          .out()
          .println(write(
              file(i, format).getFileName().toString(),
              file -> disclosure.write(image, format, file)));
    }
  }

  /** Writes a file of the shoot and returns it. Only --overwrite replaces a file. */
  private Path write(String name, Consumer<Path> writer) {
    Path file = folder.resolve(name);
    if (earlier.overwrite()) {
      writer.accept(file);
    } else if (!ResultFile.tryWrite(file, writer)) {
      throw new ResourceLimitException(
          file + " appeared during the work and is not replaced; give another --out");
    }
    return file;
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

  /**
   * The results that the folder had before the shoot.
   *
   * @param own the results of an interrupted shoot, which are replaced
   * @param overwrite true if all results are replaced
   */
  record Earlier(Set<Path> own, boolean overwrite) {
    private static final Pattern NAMES = Pattern.compile(RESULTS);

    /**
     * Looks at a folder before any work.
     *
     * @throws IllegalArgumentException if the folder has results of a finished shoot, or files of
     *     these names that no shoot made, and {@code overwrite} is false
     */
    static Earlier in(Path folder, boolean overwrite) {
      List<Path> there = results(folder);
      if (overwrite || there.isEmpty()) {
        return new Earlier(Set.of(), overwrite);
      }
      Path record = folder.resolve(ShootRecord.FILE);
      Set<String> listed = listedByInterrupted(record);
      there.stream()
          .filter(file -> !file.equals(record) && !listed.contains(stem(file)) || listed.isEmpty())
          .findFirst()
          .ifPresent(file -> {
            throw new IllegalArgumentException(file
                + " already exists and is not of an interrupted shoot; give another --out, or"
                + " --overwrite to replace the earlier shoot");
          });
      return new Earlier(Set.copyOf(there), false);
    }

    /** Returns the folder, or a new one beside it if results of others appeared in it. */
    Path freeFolder(Path folder, Console console) {
      Path free = folder;
      for (int i = 2; !overwrite && !own.containsAll(results(free)); i++) {
        free = folder.toAbsolutePath().normalize();
        free = free.resolveSibling(free.getFileName() + "-" + i);
      }
      if (!free.equals(folder)) {
        console
            .err()
            .println("another shoot was written to " + folder
                + " during the work; this shoot is in " + free);
      }
      return free;
    }

    private static List<Path> results(Path folder) {
      if (!Files.exists(folder)) {
        return List.of();
      }
      try (Stream<Path> files = Files.list(folder)) {
        return files
            .filter(file -> NAMES.matcher(file.getFileName().toString()).matches())
            .sorted()
            .toList();
      } catch (IOException | UncheckedIOException e) {
        throw new ResourceLimitException(
            "cannot list " + folder + ": " + Quoted.reason(e) + "; choose another --out", e);
      }
    }

    /** The names of the headshots of an interrupted shoot, without endings; empty for others. */
    private static Set<String> listedByInterrupted(Path record) {
      try {
        Map<String, Object> content =
            JSON.std.mapFrom(ModelFile.read(record, ModelFile.LARGEST_CONFIG));
        boolean isInterrupted = content != null && Boolean.TRUE.equals(content.get("interrupted"));
        return isInterrupted && content.get("headshots") instanceof List<?> headshots
            ? headshots.stream()
                .map(shot -> shot instanceof Map<?, ?> map ? map.get("file") : null)
                .filter(String.class::isInstance)
                .map(name -> stem(Path.of((String) name)))
                .collect(Collectors.toSet())
            : Set.of();
      } catch (IOException | InvalidInputException | InvalidPathException e) {
        return Set.of();
      }
    }

    private static String stem(Path file) {
      return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    }
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
