package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Draws somebody, their face held where the base brings what holds it, at the base's own size and
 * large, and says of each image how like the person both are and whether windows or other seams are
 * seen in the large one.
 *
 * <p>Arguments: {@code MODEL-FOLDER PERSON-FILE PERSON-NUMBER OUT-FOLDER [PICTURES [SIZE [STEPS
 * [YUNET]]]]}; the file and number as {@code EvaluateHeadshots} leaves them, and a YuNet that finds
 * faces in place of OpenCV's cascades, which find some of them off.
 */
public final class EvaluateSize {
  private static final int HELD_OUT = 4;

  private EvaluateSize() {}

  public static void main(String[] args) {
    Usage.require(
        args,
        4,
        8,
        "EvaluateSize MODEL-FOLDER PERSON-FILE PERSON-NUMBER OUT-FOLDER [PICTURES [SIZE [STEPS [YUNET]]]]");
    Path model = Path.of(args[0]);
    Path out = Path.of(args[3]);
    int images = args.length > 4 ? Integer.parseInt(args[4]) : 4;
    int size = args.length > 5 ? Integer.parseInt(args[5]) : 2048;
    int steps = args.length > 6 ? Integer.parseInt(args[6]) : 20;
    try (BaseModel base = BaseModel.open(model, Compute.best());
        FaceDetector detector =
            args.length > 7 ? YuNetDetector.open(Path.of(args[7])) : new CascadeDetector();
        TorchEmbedder embedder = TorchEmbedder.findIn(model).orElseThrow();
        FaceGuidance guidance = FaceGuidance.findIn(model, base, detector).orElse(null);
        LoraPerson person = LoraPerson.open(Path.of(args[1]), base)) {
      Gallery photos =
          new Gallery(Person.random(Long.parseLong(args[2])), 1, HELD_OUT, detector, embedder);
      HeadshotStudio plain = HeadshotStudio.on(base);
      HeadshotStudio studio = guidance == null ? plain : plain.faceGuidance(guidance);
      int window = base.defaults().width();
      double difference = 0;
      for (int i = 0; i < images; i++) {
        ShootRequest request =
            ShootRequest.of(Style.defaults().get(i % 3), 1).seed(i).steps(steps);
        RgbImage own = image(studio, person, request, out.resolve("own-" + i + ".png"));
        RgbImage large =
            image(studio, person, request.size(size), out.resolve("large-" + i + ".png"));
        double before = likeness(photos, own);
        double after = likeness(photos, large);
        difference += (after - before) / images;
        System.out.printf(
            Locale.ROOT,
            "%d: likeness %.3f own size, %.3f at %d; windows %.3f; seam %s%n",
            i,
            before,
            after,
            size,
            WindowSeams.of(large, window, window * 3 / 4),
            HeadshotScores.of(detector)
                .score(large)
                .of(ScoreAspect.BACKGROUND)
                .map(score -> String.format(Locale.ROOT, "%.2f", score.value()))
                .orElse("no face"));
      }
      System.out.printf(Locale.ROOT, "mean difference of likeness %.3f%n", difference);
    }
  }

  private static RgbImage image(
      HeadshotStudio studio, LoraPerson person, ShootRequest request, Path file) {
    List<Headshot> shots = studio.shoot(person, request).headshots();
    shots.get(0).image().writePng(file);
    return shots.get(0).image();
  }

  private static double likeness(Gallery photos, RgbImage image) {
    Optional<float[]> face = photos.vector(image);
    return face.map(photos::likeness).orElse(Double.NaN);
  }
}
