package dev.likeness.integrations.spark;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One machine without Spark and without any class of this module: {@code OUT} and folders of
 * photos. It prints when the base is open, and when all people are done.
 */
final class PlainPeople {
  private PlainPeople() {}

  public static void main(String[] args) throws Exception {
    Path out = Path.of(args[0]);
    Map<String, String> options = RECIPE;
    Path folder = PortraitModel.files();
    try (BaseModel base = BaseModel.open(folder, Compute.of("cpu", "f32"));
        ReviewTools tools = ReviewTools.builtIn();
        FaceEmbedder eye = ReviewTools.embedderIn(folder).orElseThrow()) {
      HeadshotStudio plain = HeadshotStudio.on(base).embedder(eye);
      HeadshotStudio studio = plain.training(usual -> usual
          .steps(Integer.parseInt(options.get("train-steps")))
          .rank(Integer.parseInt(options.get("rank")))
          .batchSize(Integer.parseInt(options.get("batch-size"))));
      ShootRequest request = ShootRequest.of(
              Style.named("studio"), Integer.parseInt(options.get("count")))
          .steps(Integer.parseInt(options.get("steps")));
      int keep = Integer.parseInt(options.get("keep"));
      System.out.println("open " + System.currentTimeMillis());
      for (int i = 1; i < args.length; i++) {
        Path photos = Path.of(args[i]);
        Path person = Files.createDirectories(out.resolve(photos.getFileName()));
        PhotoReview review = HeadshotStudio.review(numbered(photos), Consent.synthetic());
        Path file = person.resolve("person.safetensors");
        try (LoraPerson trained =
            studio.trainer().train(TrainingRequest.of(review, Consent.synthetic()))) {
          trained.save(file);
        }
        try (LoraPerson trained = LoraPerson.open(file, base)) {
          HeadshotScores scores = HeadshotScores.of(tools.detector())
              .limits(ScoreLimits.of(base))
              .likeness(
                  FaceEmbeddings.of(review.accepted(), eye).likeness(tools.detector(), eye),
                  trained);
          SelectionResult selection = Selection.of(studio, tools.detector(), scores)
              .shoot(trained, request, keep, Run.silent());
          Shoot shoot = new Shoot(request, selection.selected()).crop(tools.detector());
          ShootSummary summary = ShootSummary.of(
              base,
              trained,
              PersonRecord.of(trained),
              ShootSummary.Evidence.NONE.review(review).judge(eye));
          ShootRecord.of(base, trained, shoot)
              .faceGuidance(false)
              .selection(selection.asList())
              .summary(summary)
              .write(person.resolve(ShootRecord.FILE));
          for (int j = 0; j < shoot.headshots().size(); j++) {
            shoot.headshots().get(j).write(person.resolve(Headshot.fileName(j)));
          }
        }
        System.out.println("done " + photos.getFileName() + " " + System.currentTimeMillis());
      }
    }
  }

  /** A short recipe, whose training saves its state every 8 steps. */
  static final Map<String, String> RECIPE = Map.of(
      "count",
      "2",
      "keep",
      "1",
      "steps",
      "4",
      "train-steps",
      "24",
      "rank",
      "4",
      "batch-size",
      "1",
      "face-guidance",
      "false");

  /** The photos of a folder under the names that jobs give them. */
  private static PhotoSet numbered(Path folder) throws IOException {
    List<Photo> photos = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        photos.add(Photo.of("photo " + (photos.size() + 1), Files.readAllBytes(file)));
      }
    }
    return PhotoSet.of(photos);
  }
}
