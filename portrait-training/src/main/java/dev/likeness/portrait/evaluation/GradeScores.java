package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.score.Aspect;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Grades the scores on rendered headshots with one flaw each, in five strengths: how often each is caught, and how often
 * a flawless picture is. {@code limits N} prints thresholds that 97 % of N other flawless pictures pass; {@code table
 * N} prints the table of docs/studio.md over N pictures. A YuNet file behind N finds the faces in place of the cascades.
 */
public final class GradeScores {
  private static final int LEVELS = 5;
  private static final int SIZE = 256;
  private static final double PASSING = 0.97;
  // Below half a grey level, and for shares below that, a limit would hang on rounding.
  private static final double LEAST = 0.1;

  record Sample(Portrait portrait, Face face) { }

  private GradeScores() {}

  public static void main(String[] args) {
    int n = Integer.parseInt(args[1]);
    try (FaceDetector detector = args.length > 2 ? YuNetDetector.open(Path.of(args[2])) : new CascadeDetector()) {
      if (args[0].equals("limits")) {
        List<Sample> flawless = samples(8_000_000_000L, n, detector);
        for (Flaw flaw : Flaw.values()) {
          if (flaw == Flaw.BURNT) {
            continue;
          }
          double[] values = values(flaw.aspect(), flawless);
          System.out.printf(Locale.ROOT, "  \"%s\": %.4g,%n", flaw.aspect(), Math.max(LEAST,
              values[(int) (PASSING * (n - 1))]));
        }
      } else {
        table(samples(9_000_000_000L, n, detector), detector);
      }
    }
  }

  private static void table(List<Sample> samples, FaceDetector detector) {
    System.out.println("| flaw | score | limit | mean at 0, 1 … 5 | caught at 0 | 4 | 5 | rises for |");
    System.out.println("|---|---|---|---|---|---|---|---|");
    for (Flaw flaw : Flaw.values()) {
      double limit = ScoreLimits.builtIn().of(flaw.aspect());
      double[][] values = new double[LEVELS + 1][samples.size()];
      for (int i = 0; i < samples.size(); i++) {
        for (int level = 0; level <= LEVELS; level++) {
          values[level][i] = value(flaw, samples.get(i), level, detector);
        }
      }
      StringBuilder means = new StringBuilder();
      for (double[] row : values) {
        means.append(String.format(Locale.ROOT, "%.3g ", Arrays.stream(row).average().orElseThrow()));
      }
      System.out.printf(Locale.ROOT, "| %s | %s | %.3g | %s | %.0f %% | %.0f %% | %.0f %% | %.0f %% |%n",
          flaw.name().toLowerCase(Locale.ROOT).replace('_', ' '), flaw.aspect().word(), limit, means.toString().strip(),
          caught(values[0], limit), caught(values[4], limit), caught(values[5], limit), rising(values));
      System.out.flush();
    }
  }

  static double value(Flaw flaw, Sample sample, int level, FaceDetector detector) {
    Picture clean = sample.portrait().picture();
    if (level == 0) {
      return HeadshotScores.measure(flaw.aspect(), clean, sample.face());
    }
    Picture flawed = flaw.on(clean, sample.face(), head(sample.portrait()), level / (double) LEVELS);
    List<Face> faces = flaw.movesTheFace() ? detector.detect(flawed) : List.of(sample.face());
    // A face that is not found any more fails by that alone.
    return faces.isEmpty() ? 1 : HeadshotScores.measure(flaw.aspect(), flawed, faces.get(0));
  }

  private static byte[] head(Portrait portrait) {
    byte[] mask = portrait.faceMask().clone();
    for (int i = 0; i < mask.length; i++) {
      mask[i] |= portrait.hairMask()[i];
    }
    return mask;
  }

  private static double caught(double[] values, double limit) {
    return 100.0 * Arrays.stream(values).filter(value -> !(value <= limit)).count() / values.length;
  }

  /** The share of neighbouring strengths, picture by picture, where the stronger flaw scores at least as high. */
  private static double rising(double[][] values) {
    int rises = 0;
    for (int i = 0; i < values[0].length; i++) {
      for (int level = 1; level < values.length; level++) {
        rises += values[level][i] >= values[level - 1][i] - 1e-9 ? 1 : 0;
      }
    }
    return 100.0 * rises / ((values.length - 1) * values[0].length);
  }

  private static double[] values(Aspect aspect, List<Sample> samples) {
    return samples.stream().mapToDouble(s -> HeadshotScores.measure(aspect, s.portrait().picture(), s.face())).sorted()
        .toArray();
  }

  static List<Sample> samples(long first, int n, FaceDetector detector) {
    List<Sample> samples = new ArrayList<>();
    for (long seed = first; samples.size() < n; seed++) {
      Random random = new Random(seed * 7919);
      Shot shot = Shot.headshot(random).withNoise(0);
      Portrait portrait = Renderer.render(Person.random(seed), shot.withPose(shot.yaw() / 2, shot.pitch() / 2,
          shot.roll() / 2), SIZE);
      List<Face> faces = detector.detect(portrait.picture());
      if (!faces.isEmpty() && faces.get(0).eyes().isPresent()) {
        samples.add(new Sample(portrait, faces.get(0)));
      }
    }
    return samples;
  }
}
