package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How a flaw moves its score and how often it is caught, in images that are marked as delivered
 * ones are.
 *
 * @param flaw which one
 * @param values its score for each strength, none first, in each image
 */
record FlawGrade(Flaw flaw, double[][] values) {
  /** Strengths in equal steps to 1. */
  static final int LEVELS = 5;

  private static final GeneratedImage.Marking MARKING = GeneratedImage.Marking.load();

  /** Grades a flaw on images without. */
  static FlawGrade of(Flaw flaw, List<GradeScores.Sample> samples, FaceDetector detector) {
    double[][] values = new double[LEVELS + 1][samples.size()];
    IntStream.range(0, samples.size()).parallel().forEach(i -> {
      for (int level = 0; level <= LEVELS; level++) {
        values[level][i] = value(flaw, samples.get(i), level, detector);
      }
    });
    return new FlawGrade(flaw, values);
  }

  /** The flaw's score of one image with the flaw in that strength, 0 for none. */
  static double value(Flaw flaw, GradeScores.Sample sample, int level, FaceDetector detector) {
    if (level == 0) {
      return measured(flaw.aspect(), sample.portrait().image(), sample.face());
    }
    RgbImage flawed = flaw.on(sample.portrait(), sample.face(), level / (double) LEVELS);
    List<Face> faces = flaw.movesTheFace() ? detector.detect(flawed) : List.of(sample.face());
    // A face that is not found any more fails by that alone.
    double value = faces.isEmpty() ? 1 : measured(flaw.aspect(), flawed, faces.get(0));
    // A score that is not given any more has not caught anything.
    return Double.isNaN(value) ? 0 : value;
  }

  /** An aspect's score of an image, with the watermark that delivered images have. */
  static double measured(ScoreAspect aspect, RgbImage image, Face face) {
    return HeadshotScores.measure(aspect, MARKING.markPixels(image, false), face);
  }

  double mean(int level) {
    return Arrays.stream(values[level]).average().orElseThrow();
  }

  /** The share of images that fail their score, in 0..1: of level 0 these are false alarms. */
  double caught(int level) {
    double limit = limit();
    return Arrays.stream(values[level]).filter(value -> !(value <= limit)).count()
        / (double) values[level].length;
  }

  /**
   * The share of neighbouring strengths, image by image, where the stronger flaw scores at least as
   * high, in 0..1.
   */
  double rising() {
    long rises = IntStream.rangeClosed(1, LEVELS)
        .mapToLong(level -> IntStream.range(0, values[level].length)
            .filter(i -> values[level][i] >= values[level - 1][i] - 1e-9)
            .count())
        .sum();
    return rises / (double) (LEVELS * values[0].length);
  }

  private double limit() {
    return ScoreLimits.builtIn().of(flaw.aspect());
  }

  /** A row of the table in research/portrait-training/notes/11-studio-figures.md. */
  String row() {
    String means = IntStream.rangeClosed(0, LEVELS)
        .mapToObj(level -> String.format(Locale.ROOT, "%.3g", mean(level)))
        .collect(Collectors.joining(" "));
    return String.format(
        Locale.ROOT,
        "| %s | %s | %.3g | %s | %.0f %% | %.0f %% | %.0f %% | %.0f %% |",
        flaw.name().toLowerCase(Locale.ROOT).replace('_', ' '),
        flaw.aspect().label(),
        limit(),
        means,
        100 * caught(0),
        100 * caught(4),
        100 * caught(5),
        100 * rising());
  }
}
