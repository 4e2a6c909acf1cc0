package dev.likeness.headshots.choice;

import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.score.Aspect;
import dev.likeness.headshots.score.Score;
import dev.likeness.photos.pixels.Fingerprint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which candidates are kept, and why or why not each. Immutable.
 *
 * @param verdicts one a candidate, in their order
 */
public record Choice(List<Verdict> verdicts) {
  // Fingerprints of pictures of one person in one style differ in about a third of their bits.
  private static final double USUAL_DISTANCE = 0.33;
  private static final double SAME = 0.08;

  /**
   * What became of one candidate.
   *
   * @param candidate the picture and its scores
   * @param merit what it is worth beside the others, 0 to 1
   * @param place from 1 for the first that was kept; 0 for one that was not
   * @param reason why, for people
   */
  public record Verdict(Candidate candidate, double merit, int place, String reason) {
    /** Whether it was kept. */
    public boolean kept() {
      return place > 0;
    }
  }

  public Choice {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * Keeps {@code count} of the candidates: always the one with the most merit times its distance from those kept already.
   * What fails a score is kept only when nothing better is left, what shows no face or the same picture again never.
   */
  public static Choice of(List<Candidate> candidates, int count) {
    List<Fingerprint> prints = candidates.stream().map(each -> Fingerprint.of(each.headshot().picture())).toList();
    double[] merits = Merit.of(candidates);
    Verdict[] verdicts = new Verdict[candidates.size()];
    List<Integer> kept = new ArrayList<>();
    for (boolean failing : new boolean[] {false, true}) {
      int next = 0;
      while (kept.size() < count && next >= 0) {
        next = best(candidates, merits, prints, verdicts, kept, failing);
        if (next >= 0) {
          kept.add(next);
          verdicts[next] = new Verdict(candidates.get(next), merits[next], kept.size(), why(candidates.get(next), merits[next],
              kept.size(), distance(prints, next, kept.subList(0, kept.size() - 1))));
        }
      }
    }
    for (int i = 0; i < verdicts.length; i++) {
      verdicts[i] = verdicts[i] == null ? new Verdict(candidates.get(i), merits[i], 0, whyNot(candidates.get(i), merits[i],
          distance(prints, i, kept))) : verdicts[i];
    }
    return new Choice(List.of(verdicts));
  }

  /** The kept headshots, the best first. */
  public List<Headshot> kept() {
    return verdicts.stream().filter(Verdict::kept).sorted((a, b) -> Integer.compare(a.place(), b.place()))
        .map(verdict -> verdict.candidate().headshot()).toList();
  }

  /** One object a candidate, for records: which file it became or none, merit, reason, scores. */
  public List<Map<String, Object>> asList() {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      Candidate candidate = verdict.candidate();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("file", verdict.kept() ? Headshot.fileName(verdict.place() - 1) : null);
      entry.put("style", candidate.headshot().style().name());
      entry.put("seed", candidate.headshot().seed());
      entry.put("prompt", candidate.headshot().request().prompt());
      entry.put("kept", verdict.kept());
      entry.put("reason", verdict.reason());
      entry.put("merit", Math.round(1e4 * verdict.merit()) / 1e4);
      entry.put("obedience", Double.isNaN(candidate.obedience()) ? null : candidate.obedience());
      entry.put("repaired", candidate.repaired());
      entry.put("scores", candidate.card().asList());
      list.add(entry);
    }
    return list;
  }

  private static int best(List<Candidate> candidates, double[] merits, List<Fingerprint> prints, Verdict[] taken,
      List<Integer> kept, boolean failing) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < taken.length; i++) {
      Candidate candidate = candidates.get(i);
      double far = distance(prints, i, kept);
      boolean eligible = taken[i] == null && far > SAME && hasFace(candidate)
          && (failing || candidate.card().failures().isEmpty());
      double value = merits[i] * (0.5 + Math.min(1, far / USUAL_DISTANCE)) / 1.5
          / (1 + candidate.card().failures().size());
      if (eligible && value > most) {
        most = value;
        best = i;
      }
    }
    return best;
  }

  private static boolean hasFace(Candidate candidate) {
    return candidate.card().of(Aspect.FACE).map(Score::passed).orElse(true);
  }

  private static double distance(List<Fingerprint> prints, int of, List<Integer> others) {
    return others.stream().filter(i -> i != of).mapToDouble(i -> prints.get(of).distance(prints.get(i))).min().orElse(1);
  }

  private static String why(Candidate candidate, double worth, int place, double far) {
    String merit = String.format(Locale.ROOT, "merit %.2f%s", worth,
        place == 1 ? ", the most" : String.format(Locale.ROOT, ", %.0f %% unlike those kept before", 100 * far));
    List<Score> failures = candidate.card().failures();
    return failures.isEmpty() ? "kept: " + merit
        : "kept for want of better: " + merit + "; but " + reasons(failures);
  }

  private static String whyNot(Candidate candidate, double merit, double far) {
    List<Score> failures = candidate.card().failures();
    if (!failures.isEmpty()) {
      return "dropped: " + reasons(failures);
    }
    return far <= SAME ? "dropped: nearly the same picture as one that was kept"
        : String.format(Locale.ROOT, "not needed: merit %.2f, others have more or differ more", merit);
  }

  private static String reasons(List<Score> failures) {
    return String.join("; ", failures.stream().map(Score::reason).toList());
  }
}
