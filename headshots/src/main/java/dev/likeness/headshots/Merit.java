package dev.likeness.headshots;

import dev.likeness.headshots.score.Score;
import dev.likeness.headshots.score.ScoreAspect;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * What pictures are worth beside the others that were drawn with them. Likeness, quality and
 * obedience vary by very different amounts from picture to picture, so that the product of the
 * values would follow whichever varies most; here each counts by how many of the others a picture
 * is as good as.
 */
final class Merit {
  private Merit() {}

  /**
   * The merit of each, above 0 to 1 for what no other surpasses in anything: the geometric mean of
   * the shares of the candidates that it is no worse than in likeness, twice, since whom a headshot
   * shows comes first, in quality and in obedience.
   */
  static double[] of(List<Candidate> candidates) {
    double[] likeness = shares(candidates, Merit::likeness);
    double[] quality = shares(candidates, candidate -> candidate.card().quality());
    double[] obedience = shares(candidates, Candidate::obedience);
    double[] merits = new double[candidates.size()];
    for (int i = 0; i < merits.length; i++) {
      merits[i] = Math.pow(likeness[i] * likeness[i] * quality[i] * obedience[i], 0.25);
    }
    return merits;
  }

  /**
   * By the embedder that judges and by what held the face, together where there are both: what one
   * network takes for the person is in part a mistake of its own, and fewer of these are shared.
   */
  private static double likeness(Candidate candidate) {
    double judged = candidate.card().of(ScoreAspect.LIKENESS).map(Merit::cosine).orElse(Double.NaN);
    double held = candidate.heldLikeness();
    return Double.isNaN(judged) ? held : Double.isNaN(held) ? judged : (judged + held) / 2;
  }

  /** Less than of any face where none was found. */
  private static double cosine(Score score) {
    return Double.isNaN(score.value()) ? -2 : score.value();
  }

  /**
   * Of how many of the measured candidates each is no worse; of all where nothing was measured, and
   * of half of them, as they are on average, where others were.
   */
  private static double[] shares(List<Candidate> candidates, ToDoubleFunction<Candidate> value) {
    double[] values = candidates.stream().mapToDouble(value).toArray();
    double[] measured =
        DoubleStream.of(values).filter(each -> !Double.isNaN(each)).toArray();
    double[] shares = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double own = values[i];
      long surpassing = DoubleStream.of(measured).filter(other -> other > own).count();
      shares[i] = measured.length == 0
          ? 1
          : Double.isNaN(own) ? 0.5 : 1 - surpassing / (double) measured.length;
    }
    return shares;
  }
}
