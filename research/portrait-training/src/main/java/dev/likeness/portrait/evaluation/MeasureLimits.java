package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.training.RandomPrompt;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a base's own images score in what is the base's and not an image's: how sharp they are, what
 * texture skin has, and how much they look as if they were compressed. The images have the
 * watermark that files have. Prints what 96 %, 97.5 % and 99 % of them pass, of which
 * {@link ScoreLimits#FILE} may hold one, and how often the same drawings blurred by the two
 * strongest degrees of {@link GradeScores} fail each of these.
 *
 * <p>Arguments: {@code MODEL-FOLDER OUT-FOLDER PICTURES [SEED]}; drawings are kept in the folder,
 * which is of one model.
 */
public final class MeasureLimits {
  private static final List<ScoreAspect> OF_THE_BASE =
      List.of(ScoreAspect.SHARPNESS, ScoreAspect.SKIN_WAX, ScoreAspect.COMPRESSION);
  private static final double[] SHARES = {0.96, 0.975, 0.99};
  private static final double STRONG = 0.8;

  private record Seen(RgbImage image, Face face) {
    double value(ScoreAspect aspect) {
      return HeadshotScores.measure(aspect, image, face);
    }

    double blurred(double strength) {
      return HeadshotScores.measure(
          ScoreAspect.SHARPNESS, Filter.gauss(image, Flaw.blurring(strength)), face);
    }
  }

  private MeasureLimits() {}

  public static void main(String[] args) {
    Usage.require(args, 3, 4, "MeasureLimits MODEL-FOLDER OUT-FOLDER PICTURES [SEED]");
    int count = Integer.parseInt(args[2]);
    long seed = args.length > 3 ? Long.parseLong(args[3]) : 1;
    EvaluationPlan usual = EvaluationPlan.WHOLE;
    EvaluationPlan plan = new EvaluationPlan(count, 2, 1, 0, usual.steps(), usual.guidance(), seed);
    Path model = Path.of(args[0]);
    Path out = Path.of(args[1]);
    Ledger.open(out.resolve("of.json"))
        .begin("of", Map.of("model", MeasuredModel.told(model), "numbers", plan.toString()));
    try (BaseModel base = BaseModel.open(model, Compute.best());
        FaceDetector detector = new CascadeDetector()) {
      List<String> prompts =
          RandomPrompt.draw(seed, count).stream().map(RandomPrompt::text).toList();
      List<Seen> seen = new Drawings(base, plan, out, Run.silent())
          .of("limits", prompts).stream()
              .map(image -> GeneratedImage.Marking.load().markPixels(image, false))
              .map(image -> seen(image, detector))
              .flatMap(Optional::stream)
              .toList();
      OF_THE_BASE.forEach(aspect -> print(aspect, seen));
    }
  }

  private static Optional<Seen> seen(RgbImage image, FaceDetector detector) {
    return detector.detect(image).stream()
        .findFirst()
        .filter(face -> face.eyes().isPresent())
        .map(face -> new Seen(image, face));
  }

  private static void print(ScoreAspect aspect, List<Seen> seen) {
    double[] values =
        seen.stream().mapToDouble(each -> each.value(aspect)).sorted().toArray();
    for (double share : SHARES) {
      double limit = GradeScores.passed(values, share);
      System.out.printf(
          Locale.ROOT,
          "%s: %.1f %% of %d pass %.4g%s%n",
          aspect,
          100 * share,
          values.length,
          limit,
          aspect == ScoreAspect.SHARPNESS ? caught(seen, limit) : "");
    }
  }

  private static String caught(List<Seen> seen, double limit) {
    return String.format(
        Locale.ROOT,
        ", blurred ones fail it in %.0f and %.0f %%",
        failing(seen, STRONG, limit),
        failing(seen, 1, limit));
  }

  private static double failing(List<Seen> seen, double strength, double limit) {
    return 100.0
        * seen.stream().filter(each -> each.blurred(strength) > limit).count()
        / seen.size();
  }
}
