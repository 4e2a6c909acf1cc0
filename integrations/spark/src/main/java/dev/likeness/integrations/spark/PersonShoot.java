package dev.likeness.integrations.spark;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Intake, identity, shoot, score and selection of one person, by the library alone. For one use.
 */
final class PersonShoot {
  static final String PERSON = "person.safetensors";
  static final String ENCODED = "person-ipadapter.safetensors";

  private final ExecutorModel model;
  private final PersonPlan plan;
  private final TrainingStates states;
  private final Cancellation cancellation;
  private final Runnable smallerBatch;
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private long lap = System.nanoTime();
  private double likeness = Double.NaN;
  private List<String> reasons = List.of();

  PersonShoot(
      ExecutorModel model,
      PersonPlan plan,
      TrainingStates states,
      Cancellation cancellation,
      Runnable smallerBatch) {
    this.model = model;
    this.plan = plan;
    this.states = states;
    this.cancellation = cancellation;
    this.smallerBatch = smallerBatch;
  }

  /** Computes all files of the person. */
  void run(List<PersonKey.PhotoFile> photos, int saveInterval, Progress progress)
      throws IOException {
    HeadshotStudio studio = plan.studio(model);
    studio.validate(plan.request());
    PhotoReview review = review(photos);
    lap("intake");
    Progress steps = event -> {
      states.onEvent(event);
      if (!event.isTerminal()) {
        progress.onEvent(event);
      }
    };
    Optional<ExecutorModel.Encoder> encoder = model.encoder();
    if (encoder.isPresent()) {
      encode(studio, review, encoder.get(), steps);
      return;
    }
    Path file = states.file(PERSON);
    train(studio, review, saveInterval, file, steps);
    lap("train");
    try (LoraPerson person = LoraPerson.open(file, model.base())) {
      shoot(
          studio,
          review,
          person,
          PersonRecord.of(person),
          steps,
          shoot -> ShootRecord.of(model.base(), person, shoot));
      files.put(PERSON, Files.readAllBytes(file));
      lap("score");
    }
  }

  /** Encodes the photos for the adapter of an identity method, and shoots. */
  private void encode(
      HeadshotStudio studio, PhotoReview review, ExecutorModel.Encoder encoder, Progress steps)
      throws IOException {
    if (!plan.training().isEmpty()) {
      throw new InvalidInputException(
          "the option \"" + plan.training().keySet().iterator().next()
              + "\" sets a training, but this job encodes the photos for "
              + encoder.adapter().name()
              + "; leave the option out");
    }
    IpAdapterPerson person = studio
        .trainer()
        .ipAdapterPerson(
            TrainingRequest.of(review, plan.consent()).profile(plan.known()),
            encoder.adapter(),
            new Run(steps, cancellation))
        .withStrength(encoder.strength());
    Path file = states.file(ENCODED);
    person.save(file);
    lap("encode");
    shoot(
        studio,
        review,
        person,
        person.record(),
        steps,
        shoot -> ShootRecord.of(model.base(), person, shoot));
    files.put(ENCODED, Files.readAllBytes(file));
    lap("score");
  }

  /** Generates, scores and selects the headshots of a person. */
  private void shoot(
      HeadshotStudio studio,
      PhotoReview review,
      Identity person,
      PersonRecord kept,
      Progress steps,
      Function<Shoot, ShootRecord> recorded)
      throws IOException {
    HeadshotScores scores =
        HeadshotScores.of(model.tools().detector()).limits(ScoreLimits.of(model.base()));
    Optional<Likeness> measure = model.likeness(review);
    HeadshotScores all = measure.map(by -> scores.likeness(by, person)).orElse(scores);
    List<Headshot> shots;
    Optional<SelectionResult> choice = Optional.empty();
    if (plan.keep() == 0) {
      shots = studio
          .shoot(person, plan.request(), new Run(steps, cancellation))
          .crop(model.tools().detector())
          .headshots();
    } else {
      SelectionResult selection = Selection.of(studio, model.tools().detector(), all)
          .delivery(headshot -> headshot.crop(model.tools().detector()))
          .shoot(person, plan.request(), plan.keep(), new Run(steps, cancellation));
      shots = selection.selected();
      choice = Optional.of(selection);
      if (shots.isEmpty()) {
        throw new InvalidInputException("no headshot shows a face (number of headshots: "
            + selection.verdicts().size()
            + "); raise the option \"count\", or leave out \"keep\"");
      }
    }
    lap("shoot");
    likeness = measure.map(by -> mean(by, shots)).orElse(Double.NaN);
    Shoot shoot = new Shoot(plan.request(), shots);
    ShootSummary summary = ShootSummary.of(
        model.base(),
        person,
        kept,
        new ShootSummary.Evidence(Optional.of(review), model.embedder()));
    ShootRecord record = recorded.apply(shoot).faceGuidance(studio.usesFaceGuidance(person));
    write(
        shoot,
        choice
            .map(selection -> record.selection(selection.asList()))
            .orElse(record)
            .summary(summary));
    reasons = Stream.concat(summary.warnings().stream(), warnings(review)).toList();
  }

  private PhotoReview review(List<PersonKey.PhotoFile> photos) {
    Consent.require(plan.consent(), Purpose.INTAKE);
    Consent.require(plan.consent(), Purpose.TRAINING);
    Consent.require(plan.consent(), Purpose.HEADSHOTS);
    return model.review(photos).requireOnePerson();
  }

  private static Stream<String> warnings(PhotoReview review) {
    return review.photos().stream()
        .filter(photo -> !photo.reasons().isEmpty())
        .map(photo -> photo.name() + ": "
            + String.join("; ", photo.reasons().stream().map(Reason::message).toList()));
  }

  private void train(
      HeadshotStudio studio, PhotoReview review, int saveInterval, Path file, Progress steps)
      throws IOException {
    Path state = states.restore();
    try {
      train(studio, review, saveInterval, state, file, steps);
    } catch (InvalidInputException e) {
      if (!states.exists()) {
        throw e;
      }
      // The state may be of a training with other settings, such as a smaller batch.
      states.discard();
      train(studio, review, saveInterval, state, file, steps);
    }
  }

  private void train(
      HeadshotStudio studio,
      PhotoReview review,
      int saveInterval,
      Path state,
      Path file,
      Progress steps) {
    SmallerBatch.train(
        studio.trainer().settings(review.accepted().size()),
        settings -> {
          try (LoraPerson trained = studio
              .training(settings)
              .trainer()
              .saveInterval(saveInterval)
              .train(
                  TrainingRequest.of(review, plan.consent())
                      .profile(plan.known())
                      .stateFile(state),
                  new Run(steps, cancellation))) {
            trained.save(file);
          }
          return file;
        },
        () -> {
          smallerBatch.run();
          discard();
        });
  }

  private void discard() {
    try {
      states.discard();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double mean(Likeness measure, List<Headshot> shots) {
    GeneratedImage.Marking marking = GeneratedImage.Marking.load();
    List<RgbImage> images = shots.stream().map(shot -> shot.marked(marking)).toList();
    return measure.report(images).mean();
  }

  private void write(Shoot shoot, ShootRecord record) throws IOException {
    for (int i = 0; i < shoot.headshots().size(); i++) {
      files.put(Headshot.fileName(i), shoot.headshots().get(i).encodePng());
    }
    // Without its time, the record of equal work has equal bytes; the metrics have the time.
    Map<String, Object> content = new LinkedHashMap<>(JSON.std.mapFrom(record.toJson()));
    content.remove("created");
    String json = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(content) + "\n";
    files.put(ShootRecord.FILE, json.getBytes(StandardCharsets.UTF_8));
  }

  private void lap(String name) {
    long now = System.nanoTime();
    seconds.put(name, Math.round((now - lap) / 1e6) / 1e3);
    lap = now;
  }

  Map<String, byte[]> files() {
    return files;
  }

  Map<String, Double> seconds() {
    return seconds;
  }

  double likeness() {
    return likeness;
  }

  List<String> reasons() {
    return reasons;
  }
}
