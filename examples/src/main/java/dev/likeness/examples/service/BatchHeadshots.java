package dev.likeness.examples.service;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.TrainingState;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Generates headshots for each subfolder of photos: {@code BatchHeadshots PHOTOS BASE OUT CONSENT}.
 * Finished people are skipped, so a stopped batch continues. People that fail are reported.
 */
public final class BatchHeadshots {
  private static final String RECORD = "record.json";
  private static final String PERSON = "person.safetensors";

  private final BaseModel base;
  private final HeadshotStudio studio;
  private final ShootRequest request;
  private final FaceDetector detector;
  private final PrintStream log;

  /**
   * Creates a batch that generates {@code request} for each person with {@code studio}.
   *
   * @param detector finds faces for cropping; the caller closes it
   * @param base the base model; the caller closes it
   * @param studio generates the headshots
   * @param request the shoot for each person
   * @param log receives one line per person
   */
  public BatchHeadshots(
      BaseModel base,
      HeadshotStudio studio,
      ShootRequest request,
      FaceDetector detector,
      PrintStream log) {
    this.base = base;
    this.studio = studio;
    this.request = request;
    this.detector = detector;
    this.log = log;
  }

  /**
   * Runs the batch.
   *
   * @param args the folder of folders, the base model, the output folder, the consent
   * @throws IOException if the folder cannot be listed
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 4) {
      throw new IllegalArgumentException("give four arguments: PHOTOS BASE OUT CONSENT");
    }
    Path folder = Path.of(args[1]);
    try (BaseModel base = BaseModel.open(folder, Compute.best());
        FaceDetector detector = new CascadeDetector();
        FaceGuidance held = FaceGuidance.findIn(folder, base, detector).orElse(null);
        FaceEmbedder own = ReviewTools.embedderIn(folder).orElse(null)) {
      ShootRequest request = ShootRequest.of(Style.defaults(), 1);
      HeadshotStudio plain = HeadshotStudio.on(base);
      HeadshotStudio studio = held == null ? plain : plain.faceGuidance(held);
      BatchHeadshots batch = new BatchHeadshots(
          base, own == null ? studio : studio.embedder(own), request, detector, System.out);
      System.exit(
          batch.processAll(Path.of(args[0]), Path.of(args[2]), Consent.of(args[3])) == 0 ? 0 : 3);
    }
  }

  /**
   * Processes all subfolders of {@code photos}.
   *
   * @param photos a folder with one subfolder of photos per person
   * @param out the output folder, which must not be inside {@code photos}
   * @param consent the consent of all people
   * @return the number of people that failed
   * @throws IllegalArgumentException if {@code out} is {@code photos} or is inside it
   * @throws IOException if {@code photos} cannot be listed
   */
  public int processAll(Path photos, Path out, Consent consent) throws IOException {
    if (absolute(out).startsWith(absolute(photos))) {
      throw new IllegalArgumentException(
          "the output folder " + out + " is inside the photos folder " + photos
              + ", so headshots would be used as photos next time; give another output folder");
    }
    List<Path> folders;
    try (Stream<Path> all = Files.list(photos)) {
      folders = all.filter(Files::isDirectory).sorted().toList();
    }
    int failed = 0;
    for (Path folder : folders) {
      Path results = out.resolve(folder.getFileName());
      if (Files.exists(results.resolve(RECORD))) {
        log.println(folder.getFileName() + ": done before");
        continue;
      }
      try {
        process(folder, results, consent);
        log.println(folder.getFileName() + ": done");
      } catch (CancelledException stopped) {
        throw stopped;
      } catch (RuntimeException | IOException e) {
        failed++;
        log.println(folder.getFileName() + ": "
            + (e instanceof InvalidInputException || e instanceof ResourceLimitException
                ? e.getMessage()
                : e));
      }
    }
    return failed;
  }

  private static Path absolute(Path folder) {
    return folder.toAbsolutePath().normalize();
  }

  private void process(Path photos, Path results, Consent consent) throws IOException {
    Files.createDirectories(results);
    PhotoReview review = HeadshotStudio.review(PhotoSet.from(photos), consent);
    Path file = results.resolve(PERSON);
    Path state = studio.trainer().stateFile(results, review, PersonProfile.UNKNOWN);
    // A person trained on other photos or settings is trained again.
    if (!Files.exists(file) || !TrainingState.matches(file, state)) {
      try (LoraPerson trained = studio
          .trainer()
          .train(TrainingRequest.of(review, consent).stateFile(state), Run.silent())) {
        TrainingState.tag(trained, state).save(file);
      }
    }
    // Also deletes the states of an earlier batch that stopped between saving and deleting.
    TrainingState.deleteAll(results);
    try (LoraPerson person = LoraPerson.open(file, base)) {
      Shoot shoot = studio.shoot(person, request).crop(detector);
      for (int i = 0; i < shoot.headshots().size(); i++) {
        shoot.headshots().get(i).write(results.resolve(Headshot.fileName(i)));
      }
      // The record is written last. If it exists, all other files exist too.
      ShootRecord.of(base, person, shoot).photos(review).write(results.resolve(RECORD));
    }
  }
}
