package dev.likeness.headshots.choice;

import dev.likeness.headshots.score.Aspect;
import dev.likeness.headshots.score.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What pictures are worth beside the others that were drawn with them. Likeness, quality and obedience vary by very different
 * amounts from picture to picture, so that the product of the values would follow whichever varies most; here each counts by
 * how many of the others a picture is as good as.
 */
final class Merit {
  private static final double NOBODY = -4;

  private Merit() {}

  /**
   * The merit of each, above 0 to 1 for what no other surpasses in anything: the geometric mean of the shares of the candidates that
   * it is no worse than in likeness, twice, since whom a headshot shows comes first, in quality and in obedience.
   */
  static double[] of(List<Candidate> candidates) {
    double[] likeness = shares(likeness(candidates));
    double[] quality = shares(candidates.stream().mapToDouble(candidate -> candidate.card().quality()).toArray());
    double[] obedience = shares(candidates.stream().mapToDouble(Candidate::obedience).toArray());
    double[] merits = new double[candidates.size()];
    for (int i = 0; i < merits.length; i++) {
      merits[i] = Math.pow(likeness[i] * likeness[i] * quality[i] * obedience[i], 0.25);
    }
    return merits;
  }

  /**
   * How like the person each is, on average over all looks at it: what one look takes for the person is in part a mistake of its own,
   * and fewer of these are shared. Less than any face where none is found; NaN where nobody looked.
   */
  private static double[] likeness(List<Candidate> candidates) {
    double[] sums = new double[candidates.size()];
    int[] seen = new int[sums.length];
    for (List<Double> look : looks(candidates)) {
      // Beside the mean of the same look, so that one that found no face neither helps nor harms.
      double mean = look.stream().mapToDouble(Double::doubleValue).filter(value -> !Double.isNaN(value)).average().orElse(Double.NaN);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += Double.isNaN(look.get(i)) ? 0 : look.get(i) - mean;
        seen[i] += Double.isNaN(look.get(i)) ? 0 : 1;
      }
    }
    boolean looked = IntStream.of(seen).anyMatch(looks -> looks > 0);
    return IntStream.range(0, sums.length)
        .mapToDouble(i -> looked && isNobody(candidates.get(i)) ? NOBODY : sums[i] / seen[i]).toArray();
  }

  /** For each look, the judge's first, what it sees of each candidate. */
  private static List<List<Double>> looks(List<Candidate> candidates) {
    List<List<Double>> looks = new ArrayList<>();
    looks.add(candidates.stream().map(each -> each.card().of(Aspect.LIKENESS).map(Score::value).orElse(Double.NaN)).toList());
    int others = candidates.stream().mapToInt(each -> each.looks().size()).min().orElse(0);
    for (int i = 0; i < others; i++) {
      int look = i;
      looks.add(candidates.stream().map(each -> each.looks().get(look)).toList());
    }
    return looks;
  }

  private static boolean isNobody(Candidate candidate) {
    return candidate.card().of(Aspect.LIKENESS).filter(score -> Double.isNaN(score.value())).isPresent()
        || !candidate.card().of(Aspect.FACE).map(Score::passed).orElse(true);
  }

  /**
   * Of how many of the measured candidates each is no worse; of all where nothing was measured, and of half of them, as they are on
   * average, where others were.
   */
  private static double[] shares(double[] values) {
    double[] measured = DoubleStream.of(values).filter(each -> !Double.isNaN(each)).toArray();
    double[] shares = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double own = values[i];
      long surpassing = DoubleStream.of(measured).filter(other -> other > own).count();
      shares[i] = measured.length == 0 ? 1 : Double.isNaN(own) ? 0.5 : 1 - surpassing / (double) measured.length;
    }
    return shares;
  }
}
