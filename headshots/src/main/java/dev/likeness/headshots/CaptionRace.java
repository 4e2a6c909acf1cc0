package dev.likeness.headshots;

import dev.likeness.diffusion.request.Cancellation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.math3.special.Erf;

/**
 * Captions racing for the best fit to photos: each is asked only as long as it may still win, a few
 * noises a round, and is out once it is surely beaten (Maron and Moore 1994, "Hoeffding Races",
 * with a paired test for the bound).
 */
final class CaptionRace {
  private static final int ROUND = 4;
  // By four noises a spread is hardly known: a normal deviate of this size is worth one in
  // twenty-five there.
  private static final double LOST = 0.995;

  /** What tells how badly captions fit. */
  @FunctionalInterface
  interface Judge {
    /** The errors on some noises, each under a caption of its own. */
    double[] errors(int[] noises, List<String> captions);
  }

  private final double[][] errors;
  private final List<Integer> left = new ArrayList<>();

  private CaptionRace(int captions) {
    errors = new double[captions][0];
    IntStream.range(0, captions).forEach(left::add);
  }

  /**
   * The race of {@code captions}, run to its end.
   *
   * @param noises how many the judge has; those near each other are alike
   */
  static CaptionRace of(Judge judge, int noises, List<String> captions, Cancellation cancellation) {
    CaptionRace race = new CaptionRace(captions.size());
    int rounds = noises / ROUND;
    for (int round = 0; round < rounds && race.left.size() > 1; round++) {
      cancellation.check();
      // Each round has noises of all strengths, each on another photo where there are several.
      int turn = round;
      race.run(
          judge,
          captions,
          IntStream.range(0, ROUND).map(i -> i * rounds + (turn + i) % rounds).toArray());
    }
    return race;
  }

  private void run(Judge judge, List<String> captions, int... noises) {
    int[] each = left.stream().flatMapToInt(caption -> Arrays.stream(noises)).toArray();
    List<String> said = left.stream()
        .flatMap(i -> Collections.nCopies(noises.length, captions.get(i)).stream())
        .toList();
    double[] found = judge.errors(each, said);
    for (int i = 0; i < left.size(); i++) {
      double[] more = Arrays.copyOfRange(found, i * noises.length, (i + 1) * noises.length);
      int caption = left.get(i);
      errors[caption] = DoubleStream.concat(Arrays.stream(errors[caption]), Arrays.stream(more))
          .toArray();
    }
    int best = best();
    left.removeIf(other -> other != best && better(errors[best], errors[other]) > LOST);
  }

  /** Which fits best. */
  int best() {
    return left.stream().min(Comparator.comparingDouble(i -> mean(errors[i]))).orElseThrow();
  }

  /** How sure it is that no other fits better, 0.5 to 1 for all that were asked as often. */
  double confidence() {
    int best = best();
    return IntStream.range(0, errors.length)
        .filter(i -> i != best)
        .mapToDouble(i -> better(errors[best], errors[i]))
        .min()
        .orElse(1);
  }

  /**
   * How sure it is that one caption fits better than another: a paired z-test over the noises that
   * both were asked, 0 to 1.
   */
  static double better(double[] errors, double[] others) {
    double[] gains = IntStream.range(0, Math.min(errors.length, others.length))
        .mapToDouble(i -> others[i] - errors[i])
        .toArray();
    double mean = mean(gains);
    double variance =
        Arrays.stream(gains).map(gain -> (gain - mean) * (gain - mean)).sum() / (gains.length - 1);
    return 0.5 * Erf.erfc(-mean / Math.sqrt(2 * variance / gains.length + Double.MIN_NORMAL));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
