package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.material.Material;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.portrait.people.Style;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each flaw moves the score that has to see it, past its limit on three of four people, and without
 * it at most one of four fails. {@code -Dlikeness.flaws=100} puts them on so many people, and asks,
 * too, that the score rises with every strength and 90 % of strong ones are caught with at most 5 %
 * of false alarms; {@code -Dlikeness.flaws.first} is the seed of the first of them.
 */
class FlawTest {
  private static final int PEOPLE = Integer.getInteger("likeness.flaws", 4);
  private static final long FIRST = Long.getLong("likeness.flaws.first", GradeScores.FOR_TABLE);
  // Of fewer, chance alone would often be more than the five percent.
  private static final int ENOUGH = 40;
  private static final long MONOCHROME_WITH_GLASSES = 9_000_000_003L;

  private static FaceDetector detector;

  @BeforeAll
  static void open() {
    detector = new CascadeDetector();
  }

  @AfterAll
  static void close() {
    detector.close();
  }

  @ParameterizedTest
  @EnumSource
  void raisesItsScoreAndIsCaught(Flaw flaw) {
    if (!flaw.wantsLandmarks()) {
      check(flaw, detector);
      return;
    }
    try (FaceDetector yunet = YuNetDetector.open(Material.of("faces/yunet_n_640_640.onnx"))) {
      check(flaw, yunet);
    }
  }

  private static void check(Flaw flaw, FaceDetector finding) {
    List<GradeScores.Sample> samples = GradeScores.samples(FIRST, PEOPLE, finding, flaw);
    double[] clean = values(flaw, samples, 0, finding);
    double[] strong = values(flaw, samples, FlawGrade.LEVELS, finding);
    assertTrue(
        mean(strong) > mean(clean),
        flaw + ": " + mean(clean) + " without, " + mean(strong) + " with");
    double limit = ScoreLimits.builtIn().of(flaw.aspect());
    assertTrue(
        failing(strong, limit) >= 0.75,
        flaw + " at its strongest: " + Arrays.toString(strong) + ", limit " + limit);
    assertTrue(
        failing(clean, limit) <= 0.25,
        "without " + flaw + ": " + Arrays.toString(clean) + ", limit " + limit);
    if (PEOPLE >= ENOUGH) {
      FlawGrade grade = FlawGrade.of(flaw, samples, finding);
      IntStream.rangeClosed(1, FlawGrade.LEVELS)
          .forEach(level -> assertTrue(
              grade.mean(level) > grade.mean(level - 1), "not monotonic: " + grade.row()));
      assertTrue(grade.caught(0) <= 0.05, "false alarms: " + grade.row());
      assertTrue(grade.caught(4) >= 0.9 && grade.caught(5) >= 0.9, "not caught: " + grade.row());
    }
  }

  private static double[] values(
      Flaw flaw, List<GradeScores.Sample> samples, int level, FaceDetector finding) {
    return samples.stream()
        .mapToDouble(sample -> FlawGrade.value(flaw, sample, level, finding))
        .toArray();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static double failing(double[] values, double limit) {
    return Arrays.stream(values).filter(value -> value > limit).count() / (double) values.length;
  }

  @Test
  void givesEveryScoreWithLimitAndReason() {
    GradeScores.Sample sample = samples(Flaw.BLUR).get(0);
    RgbImage image = Flaw.BLUR.on(sample.portrait(), sample.face(), 1);
    ScoreCard card = HeadshotScores.of(detector).score(image);
    ScoreCard.Score sharpness = card.of(ScoreAspect.SHARPNESS).orElseThrow();
    assertTrue(
        !sharpness.isPassed() && sharpness.reason().startsWith("the face is blurred (sharpness 0."),
        "" + sharpness);
    Set<ScoreAspect> missing = EnumSet.allOf(ScoreAspect.class);
    card.scores().forEach(score -> missing.remove(score.aspect()));
    assertEquals(
        EnumSet.of(
            ScoreAspect.LIKENESS,
            ScoreAspect.DISTORTION,
            ScoreAspect.PROPORTIONS,
            ScoreAspect.GLASSES,
            ScoreAspect.JEWELLERY),
        missing,
        "nothing is worn, and there is nothing to measure the others with");
    assertTrue(card.quality() > 0 && card.quality() < 1);
    assertEquals(
        "no face was found (face 1.00, limit 0.00)",
        HeadshotScores.of(detector)
            .score(RgbImage.of(64, 64, new byte[64 * 64 * 3]))
            .failures()
            .get(0)
            .reason());
  }

  @Test
  void scoresHandsWhereThereIsColourAndGlassesWhereTheyAreWorn() {
    GradeScores.Sample sample = GradeScores.samples(
            MONOCHROME_WITH_GLASSES, 1, detector, Flaw.FADED_RIM)
        .get(0);
    assertEquals(Style.MONOCHROME, sample.portrait().shot().style());
    ScoreCard card = HeadshotScores.of(detector).score(sample.portrait().image());
    assertTrue(card.of(ScoreAspect.HANDS).isEmpty());
    assertTrue(card.of(ScoreAspect.GLASSES).orElseThrow().isPassed());
  }

  @Test
  void takesOneOfAPairAndNothingElse() {
    for (Flaw flaw : List.of(Flaw.FADED_RIM, Flaw.FADED_EARRING)) {
      GradeScores.Sample sample = samples(flaw).get(0);
      RgbImage whole = sample.portrait().image();
      RgbImage half = flaw.on(sample.portrait(), sample.face(), 1);
      float[] eyes = sample.portrait().landmarks();
      int changed = 0;
      for (int i = 0; i < whole.width() * whole.height(); i++) {
        int x = i % whole.width();
        int y = i / whole.width();
        boolean same = whole.at(x, y, 0) == half.at(x, y, 0);
        double right = (2 * x - eyes[0] - eyes[2]) * (eyes[2] - eyes[0])
            + (2 * y - eyes[1] - eyes[3]) * (eyes[3] - eyes[1]);
        assertTrue(same || right > 0, flaw + " at " + x + ", " + y);
        changed += same ? 0 : 1;
      }
      assertTrue(
          changed > 100 && changed < whole.width() * whole.height() / 8,
          flaw + " changes " + changed);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CROSSED_EYES", "FADED_RIM", "FADED_EARRING", "HAND"})
  void failsAStrongFlawWithItsReason(Flaw flaw) {
    GradeScores.Sample sample = samples(flaw).get(1);
    ScoreCard.Score score = HeadshotScores.of(detector)
        .score(flaw.on(sample.portrait(), sample.face(), 1))
        .of(flaw.aspect())
        .orElseThrow();
    assertTrue(!score.isPassed() && score.value() > score.threshold(), score.reason());
    assertTrue(
        score
            .reason()
            .contains(Map.of(
                    Flaw.CROSSED_EYES,
                    "the same way",
                    Flaw.FADED_RIM,
                    "sides of the glasses",
                    Flaw.FADED_EARRING,
                    "earring",
                    Flaw.HAND,
                    "a hand or other bare skin")
                .get(flaw)),
        score.reason());
  }

  @ParameterizedTest
  @EnumSource(names = {"RIM", "WRITING"})
  void failsAStrongFlawAtEverySize(Flaw flaw) {
    GradeScores.Sample sample = samples(flaw).get(1);
    RgbImage flawed = flaw.on(sample.portrait(), sample.face(), 1);
    for (int times : new int[] {1, 2, 4}) {
      RgbImage large =
          Resampler.CUBIC.resize(flawed, times * flawed.width(), times * flawed.height());
      Face face = new Face(
          sample.face().box().scaled(times),
          1,
          sample.face().pose(),
          Optional.empty(),
          Optional.empty());
      double value = HeadshotScores.measure(flaw.aspect(), large, face);
      assertTrue(
          value > ScoreLimits.builtIn().of(flaw.aspect()), flaw + " at " + large + ": " + value);
    }
  }

  private static List<GradeScores.Sample> samples(Flaw flaw) {
    return GradeScores.samples(9_000_000_000L, 2, detector, flaw);
  }
}
