package dev.likeness.headshots.choice;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What pictures are worth beside the others that were drawn with them. Likeness, quality and obedience vary by very different
 * amounts from picture to picture, so that the product of the values would follow whichever varies most; here each counts by
 * how many of the others a picture is as good as.
 */
final class Merit {
  private Merit() {}

  /**
   * The merit of each, above 0 to 1 for what no other surpasses in anything: the geometric mean of the shares of the candidates that
   * it is no worse than in likeness, twice, since whom a headshot shows comes first, in quality and in obedience.
   */
  static double[] of(List<Candidate> candidates) {
    double[] likeness = shares(candidates, candidate -> candidate.card().likeness());
    double[] quality = shares(candidates, candidate -> candidate.card().quality());
    double[] obedience = shares(candidates, Candidate::obedience);
    double[] merits = new double[candidates.size()];
    for (int i = 0; i < merits.length; i++) {
      merits[i] = Math.pow(likeness[i] * likeness[i] * quality[i] * obedience[i], 0.25);
    }
    return merits;
  }

  /** Of how many candidates each is no worse; all of them where nothing was measured. */
  private static double[] shares(List<Candidate> candidates, ToDoubleFunction<Candidate> value) {
    double[] values = candidates.stream().mapToDouble(value).toArray();
    double[] shares = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int surpassing = 0;
      for (double other : values) {
        surpassing += other > values[i] ? 1 : 0;
      }
      shares[i] = 1 - surpassing / (double) values.length;
    }
    return shares;
  }
}
