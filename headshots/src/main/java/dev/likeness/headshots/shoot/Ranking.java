package dev.likeness.headshots.shoot;

import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.photos.internal.image.PerceptualHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** One selection among candidates: what was taken so far, and why. For one use, on one thread. */
final class Ranking {
  // Fingerprints of images of one person in one style differ in about a third of their bits.
  private static final double REFERENCE_DISTANCE = 0.33;
  private static final double DUPLICATE_DISTANCE = 0.08;
  // Fewer images do not tell what is the base's or the person's from what is an image's own.
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

  /** What {@link SelectionResult#of} says. */
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
   * Aspects that more than half of many images fail do not distinguish the images and are ignored,
   * except face, second face and likeness.
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

  /** What counts against an image. */
  private List<ScoreCard.Score> failures(int i) {
    return candidates.get(i).card().failures().stream()
        .filter(score -> !sharedFailures.contains(score.aspect()))
        .toList();
  }

  /**
   * The candidate with the most merit times its distance from those taken; -1 when there is no more
   * to take.
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
    String merit = String.format(
        Locale.ROOT,
        "merit %.2f%s",
        rankingScores[i],
        selected.isEmpty()
            ? ", the most"
            : String.format(Locale.ROOT, ", %.0f %% unlike those kept before", 100 * distance(i)));
    List<ScoreCard.Score> failures = failures(i);
    return failures.isEmpty()
        ? "kept: " + merit + sharedFailureText(i)
        : "kept for want of better: " + merit + "; but " + reasons(failures);
  }

  private String reasonRejected(int i) {
    List<ScoreCard.Score> failures =
        hasFace(candidates.get(i)) ? failures(i) : candidates.get(i).card().failures();
    if (!failures.isEmpty()) {
      return "dropped: " + reasons(failures);
    }
    return distance(i) <= DUPLICATE_DISTANCE
        ? "dropped: nearly the same image as one that was kept"
        : String.format(
            Locale.ROOT,
            "not needed: merit %.2f, others have more or differ more",
            rankingScores[i]);
  }

  private String sharedFailureText(int i) {
    List<ScoreCard.Score> common = candidates.get(i).card().failures();
    return common.isEmpty() ? "" : "; like most that were drawn, " + reasons(common);
  }

  private static String reasons(List<ScoreCard.Score> failures) {
    return String.join("; ", failures.stream().map(ScoreCard.Score::reason).toList());
  }

  /**
   * What images are worth beside the others that were drawn with them. Likeness, quality and
   * adherence vary by very different amounts from image to image, so that the product of the values
   * would follow whichever varies most; here each counts by how many of the others an image is as
   * good as.
   */
  static final class RankingScore {
    private RankingScore() {}

    /**
     * The ranking score of each, above 0, and 1 if no other is better in any respect. It is the
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
     * By the embedder that judges and by what held the face, together where there are both: what
     * one network takes for the person is in part a mistake of its own, and fewer of these are
     * shared.
     */
    private static double likeness(SelectionResult.Candidate candidate) {
      double judged =
          candidate.card().of(ScoreAspect.LIKENESS).map(RankingScore::cosine).orElse(Double.NaN);
      double held = candidate.guidanceLikeness();
      return Double.isNaN(judged) ? held : Double.isNaN(held) ? judged : (judged + held) / 2;
    }

    /** Less than of any face where none was found. */
    private static double cosine(ScoreCard.Score score) {
      return Double.isNaN(score.value()) ? -2 : score.value();
    }

    /**
     * Of how many of the measured candidates each is no worse; of all where nothing was measured,
     * and of half of them, as they are on average, where others were.
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
