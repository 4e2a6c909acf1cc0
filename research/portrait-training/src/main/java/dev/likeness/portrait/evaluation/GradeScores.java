package dev.likeness.portrait.evaluation;

import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Grades the scores on rendered headshots with one flaw each, in five strengths: how often each is
 * caught, and how often a flawless image is. {@code limits N} prints what 96 %, 97.5 % and 99 % of
 * N flawless images pass, of which the thresholds are one; {@code table N} prints the table of
 * research/portrait-training/notes/11-studio-figures.md over N images of other people. Faces are
 * found by the cascades; a third argument, a YuNet file, finds those of flaws that want landmarks,
 * which are left out without it; a fourth names the flaws, a fifth the seed of the first person.
 */
public final class GradeScores {
  private static final int SIZE = 256;
  // Below half a grey level, and for shares below that, a limit would hang on rounding.
  private static final double LEAST = 0.1;
  private static final long FOR_LIMITS = 8_000_000_000L;
  static final long FOR_TABLE = 9_700_000_000L;

  // By the detector's name and the seed: many flaws are graded on the same images.
  static final Map<String, Optional<Sample>> FOUND = new ConcurrentHashMap<>();

  record Sample(Portrait portrait, Face face) {}

  private final int count;
  private final long first;
  private final FaceDetector cascades;
  private final Optional<FaceDetector> yunet;

  private GradeScores(int count, long first, FaceDetector cascades, Optional<FaceDetector> yunet) {
    this.count = count;
    this.first = first;
    this.cascades = cascades;
    this.yunet = yunet;
  }

  public static void main(String[] args) {
    Usage.require(args, 2, 5, "GradeScores limits|table N [YUNET [FLAWS [SEED]]]");
    Optional<FaceDetector> yunet =
        args.length > 2 ? Optional.of(YuNetDetector.open(Path.of(args[2]))) : Optional.empty();
    List<Flaw> flaws = (args.length > 3
            ? Stream.of(args[3].split(",")).map(Flaw::valueOf)
            : Stream.of(Flaw.values()))
        .filter(flaw -> yunet.isPresent() || !flaw.wantsLandmarks())
        .toList();
    try (FaceDetector cascades = new CascadeDetector()) {
      boolean limits = args[0].equals("limits");
      long first = args.length > 4 ? Long.parseLong(args[4]) : limits ? FOR_LIMITS : FOR_TABLE;
      GradeScores grade = new GradeScores(Integer.parseInt(args[1]), first, cascades, yunet);
      if (limits) {
        grade.limits(flaws);
      } else {
        grade.table(flaws);
      }
    } finally {
      yunet.ifPresent(FaceDetector::close);
    }
  }

  private FaceDetector detector(Flaw flaw) {
    return flaw.wantsLandmarks() ? yunet.orElseThrow() : cascades;
  }

  /** The limit of each aspect, from people whom its flaws can be seen on. */
  private void limits(List<Flaw> flaws) {
    Map<ScoreAspect, Flaw> aspects = new EnumMap<>(ScoreAspect.class);
    flaws.forEach(flaw -> aspects.putIfAbsent(flaw.aspect(), flaw));
    aspects.forEach((aspect, flaw) -> {
      double[] values = samples(first, count, detector(flaw), flaw).parallelStream()
          .mapToDouble(s -> FlawGrade.measured(aspect, s.portrait().image(), s.face()))
          .sorted()
          .toArray();
      System.out.printf(
          Locale.ROOT,
          "%s: %.4g, %.4g, %.4g%n",
          aspect,
          passed(values, 0.96),
          passed(values, 0.975),
          passed(values, 0.99));
    });
  }

  /** What that share of values passes. */
  static double passed(double[] sorted, double share) {
    return Math.max(LEAST, sorted[(int) Math.ceil(share * sorted.length) - 1]);
  }

  private void table(List<Flaw> flaws) {
    System.out.println(
        "| flaw | score | limit | mean at 0, 1 … 5 | caught at 0 | 4 | 5 | rises for |");
    System.out.println("|---|---|---|---|---|---|---|---|");
    for (Flaw flaw : flaws) {
      System.out.println(
          FlawGrade.of(flaw, samples(first, count, detector(flaw), flaw), detector(flaw))
              .row());
      System.out.flush();
    }
  }

  /**
   * The first {@code n} people on whom a flaw can be seen, whose eyes are found and who are given
   * its score without it.
   */
  static List<Sample> samples(long first, int n, FaceDetector detector, Flaw flaw) {
    List<Sample> samples = new ArrayList<>();
    for (long each = first; samples.size() < n; each++) {
      long seed = each;
      if (flaw.shows(Person.random(seed))) {
        FOUND
            .computeIfAbsent(detector.name() + seed, key -> sample(seed, detector))
            .filter(sample -> flaw.shows(sample.portrait())
                && !Double.isNaN(FlawGrade.value(flaw, sample, 0, detector)))
            .ifPresent(samples::add);
      }
    }
    return samples;
  }

  private static Optional<Sample> sample(long seed, FaceDetector detector) {
    Random random = new Random(seed * 7919);
    Shot shot = Shot.headshot(random).withNoise(0).withGaze(0, 0);
    Portrait portrait = Renderer.render(
        Person.random(seed),
        shot.withPose(
            shot.pose().yaw() / 2, shot.pose().pitch() / 2, shot.pose().roll() / 2),
        SIZE);
    return detector.detect(portrait.image()).stream()
        .findFirst()
        .filter(face -> face.eyes().isPresent())
        .map(face -> new Sample(portrait, face));
  }
}
