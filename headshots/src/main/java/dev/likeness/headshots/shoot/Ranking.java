package dev.likeness.headshots.shoot;

import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.photos.internal.image.PerceptualHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Selects among candidates, and states the reasons. For one use, on one thread. */
final class Ranking {
  // Hashes of images of one person in one style differ in about a third of their bits.
  private static final double REFERENCE_DISTANCE = 0.33;
  private static final double DUPLICATE_DISTANCE = 0.08;
  // With fewer images, a flaw of the base or the person cannot be told from a flaw of an image.
  private static final int MIN_FOR_SHARED = 8;

  private final List<SelectionResult.Candidate> candidates;
  private final double[] rankingScores;
  private final List<PerceptualHash> hashes;
  private final Set<ScoreAspect> sharedFailures;
  private final List<Integer> selected = new ArrayList<>();

  Ranking(List<SelectionResult.Candidate> candidates) {
    this.candidates = candidates;
    this.rankingScores = RankingScore.of(candidates);
    this.hashes = candidates.stream()
        .map(each -> PerceptualHash.of(each.headshot().image()))
        .toList();
    this.sharedFailures = sharedFailures(candidates);
  }

  /** Selects as {@link SelectionResult#of} describes. */
  SelectionResult select(int count) {
    SelectionResult.Verdict[] verdicts = new SelectionResult.Verdict[rankingScores.length];
    for (boolean failing : new boolean[] {false, true}) {
      for (int next = findBest(failing);
          selected.size() < count && next >= 0;
          next = findBest(failing)) {
        verdicts[next] = new SelectionResult.Verdict(
            candidates.get(next), rankingScores[next], selected.size() + 1, reasonSelected(next));
        selected.add(next);
      }
    }
    for (int i = 0; i < verdicts.length; i++) {
      verdicts[i] = verdicts[i] == null
          ? new SelectionResult.Verdict(candidates.get(i), rankingScores[i], 0, reasonRejected(i))
          : verdicts[i];
    }
    return new SelectionResult(Arrays.asList(verdicts));
  }

  /**
   * The aspects that more than half of the images fail, if there are enough images. They do not
   * distinguish the images and are ignored. Face, second face and likeness are never among them.
   */
  private static Set<ScoreAspect> sharedFailures(List<SelectionResult.Candidate> candidates) {
    Set<ScoreAspect> shared = EnumSet.noneOf(ScoreAspect.class);
    for (ScoreAspect aspect : EnumSet.complementOf(
        EnumSet.of(ScoreAspect.FACE, ScoreAspect.SECOND_FACE, ScoreAspect.LIKENESS))) {
      long failing = candidates.stream()
          .filter(each -> !each.card().of(aspect).map(ScoreCard.Score::isPassed).orElse(true))
          .count();
      if (candidates.size() >= MIN_FOR_SHARED && 2 * failing > candidates.size()) {
        shared.add(aspect);
      }
    }
    return shared;
  }

  /** The failed scores of an image, without the shared ones. */
  private List<ScoreCard.Score> failures(int i) {
    return candidates.get(i).card().failures().stream()
        .filter(score -> !sharedFailures.contains(score.aspect()))
        .toList();
  }

  /**
   * The candidate with the highest product of ranking score and distance from the selected images;
   * -1 if no more can be selected.
   */
  private int findBest(boolean failing) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < rankingScores.length; i++) {
      int against = failures(i).size();
      double far = distance(i);
      boolean eligible = !selected.contains(i)
          && far > DUPLICATE_DISTANCE
          && hasFace(candidates.get(i))
          && (failing || against == 0);
      double value =
          rankingScores[i] * (0.5 + Math.min(1, far / REFERENCE_DISTANCE)) / 1.5 / (1 + against);
      if (eligible && value > most) {
        most = value;
        best = i;
      }
    }
    return best;
  }

  private static boolean hasFace(SelectionResult.Candidate candidate) {
    return candidate.card().of(ScoreAspect.FACE).map(ScoreCard.Score::isPassed).orElse(true);
  }

  private double distance(int of) {
    return selected.stream()
        .filter(i -> i != of)
        .mapToDouble(i -> hashes.get(of).distance(hashes.get(i)))
        .min()
        .orElse(1);
  }

  private String reasonSelected(int i) {
    List<ScoreCard.Score> failures = failures(i);
    return failures.isEmpty()
        ? (selected.isEmpty()
                ? "kept: the best of all images"
                : "kept: among the best, and different from the images kept before")
            + sharedFailureText(i)
        : "kept because no better image is left: " + reasons(failures);
  }

  private String reasonRejected(int i) {
    List<ScoreCard.Score> failures =
        hasFace(candidates.get(i)) ? failures(i) : candidates.get(i).card().failures();
    if (!failures.isEmpty()) {
      return "not kept: " + reasons(failures);
    }
    return distance(i) <= DUPLICATE_DISTANCE
        ? "not kept: nearly the same image as a kept one"
        : "not kept: the kept images are better, or differ more from each other";
  }

  private String sharedFailureText(int i) {
    List<ScoreCard.Score> common = candidates.get(i).card().failures();
    return common.isEmpty() ? "" : "; like most images of this shoot, " + reasons(common);
  }

  private static String reasons(List<ScoreCard.Score> failures) {
    return String.join(", ", failures.stream().map(ScoreCard.Score::failureText).toList());
  }

  /**
   * Compares an image with the other candidates. Likeness, quality and prompt adherence have
   * different variances, so a product of their values would follow the one that varies most.
   * Therefore percentiles among the candidates are used instead of values.
   */
  static final class RankingScore {
    private RankingScore() {}

    /**
     * The ranking scores, above 0; 1 if no other image is better in any respect. A score is the
     * geometric mean of percentiles among the candidates: likeness (counted twice), quality and
     * prompt adherence.
     */
    static double[] of(List<SelectionResult.Candidate> candidates) {
      double[] likeness = normalize(candidates, RankingScore::likeness);
      double[] quality = normalize(candidates, candidate -> candidate.card().quality());
      double[] adherence = normalize(candidates, SelectionResult.Candidate::promptAdherence);
      double[] scores = new double[candidates.size()];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = Math.pow(likeness[i] * likeness[i] * quality[i] * adherence[i], 0.25);
      }
      return scores;
    }

    /**
     * The mean of two embedders' cosine similarities: the one that judges, and the one of face
     * guidance. Their errors are partly independent, so the mean is more reliable. If only one is
     * known, that one.
     */
    private static double likeness(SelectionResult.Candidate candidate) {
      double scored =
          candidate.card().of(ScoreAspect.LIKENESS).map(RankingScore::cosine).orElse(Double.NaN);
      double guided = candidate.guidanceLikeness();
      return Double.isNaN(scored) ? guided : Double.isNaN(guided) ? scored : (scored + guided) / 2;
    }

    /** The cosine similarity; below that of any face if no face was found. */
    private static double cosine(ScoreCard.Score score) {
      return Double.isNaN(score.value()) ? -2 : score.value();
    }

    /**
     * For each candidate, the share of measured candidates that are not better. 1 for all if
     * nothing was measured; 0.5 for a candidate that alone was not measured.
     */
    private static double[] normalize(
        List<SelectionResult.Candidate> candidates,
        ToDoubleFunction<SelectionResult.Candidate> value) {
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
}
