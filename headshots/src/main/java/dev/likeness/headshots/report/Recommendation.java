package dev.likeness.headshots.report;

import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which headshots of a shoot to use, and which one first. Report, contact sheet, record and command
 * state this decision. Immutable.
 *
 * <p>A headshot without a flaw is recommended. The headshots are in the order of a
 * {@link SelectionResult}, those without a flaw first. No headshot is recommended if the base
 * cannot show the person, or if the headshots were not scored.
 */
public final class Recommendation {
  static final String FLAWLESS_FIRST = "Images without a flaw come first.";

  private final ShootSummary made;
  private final List<Choice> choices;
  private final Optional<SelectionResult> selection;

  private Recommendation(
      ShootSummary made, List<Choice> choices, Optional<SelectionResult> selection) {
    this.made = made;
    this.choices = List.copyOf(choices);
    this.selection = selection;
  }

  /**
   * The decision about one headshot.
   *
   * @param index the index in the shoot, from 0
   * @param headshot the headshot
   * @param card the scores of its file; empty if it was not scored
   * @param isRecommended true if the headshot should be used
   * @param reason the reason in sentences for users; may be empty
   */
  public record Choice(
      int index,
      Headshot headshot,
      Optional<ScoreCard> card,
      boolean isRecommended,
      String reason) {
    /** {@return the name of the file, such as {@code headshot-001.png}} */
    public String file() {
      return Headshot.fileName(index);
    }

    /** {@return true if the headshot was scored and has no flaw} */
    public boolean isFlawless() {
      return card.filter(scores -> scores.failures().isEmpty()).isPresent();
    }
  }

  /** A scored headshot and its place: the rank of a selection, the largest number without one. */
  private record Ranked(int index, Headshot headshot, ScoreCard card, int place) {
    boolean isFlawless() {
      return card.failures().isEmpty();
    }
  }

  /**
   * {@return no recommendation: the headshots were not scored}
   *
   * @param made the summary of person, photos and base
   * @param shoot the delivered headshots
   */
  public static Recommendation of(ShootSummary made, Shoot shoot) {
    List<Headshot> headshots = shoot.headshots();
    return new Recommendation(
        made,
        IntStream.range(0, headshots.size())
            .mapToObj(i -> new Choice(
                i, headshots.get(i), Optional.empty(), false, "This image was not checked."))
            .toList(),
        Optional.empty());
  }

  /**
   * {@return the recommendation for a shoot of which all headshots are delivered}
   *
   * @param made the summary of person, photos and base
   * @param shoot the delivered headshots
   * @param cards the scores of each headshot's file, in the order of the shoot
   * @throws IllegalArgumentException if there is not one card for each headshot
   */
  public static Recommendation of(ShootSummary made, Shoot shoot, List<ScoreCard> cards) {
    List<Headshot> headshots = shoot.headshots();
    if (cards.size() != headshots.size()) {
      throw new IllegalArgumentException("number of score cards: " + cards.size()
          + ", number of headshots: " + headshots.size() + "; give one for each headshot");
    }
    List<SelectionResult.Candidate> candidates = IntStream.range(0, cards.size())
        .mapToObj(i -> new SelectionResult.Candidate(
            headshots.get(i), cards.get(i), Double.NaN, false, Double.NaN))
        .toList();
    List<SelectionResult.Verdict> verdicts =
        SelectionResult.of(candidates, Math.max(1, candidates.size())).verdicts();
    List<Ranked> ranked = IntStream.range(0, verdicts.size())
        .mapToObj(i -> ranked(i, headshots.get(i), verdicts.get(i)))
        .toList();
    return new Recommendation(made, choices(made, ranked), Optional.empty());
  }

  /**
   * {@return the recommendation for the kept headshots of a selection}
   *
   * @param made the summary of person, photos and base
   * @param shoot the kept headshots in the order of their ranks, as they are delivered
   * @param selection the selection
   * @throws IllegalArgumentException if the selection did not keep as many images as the shoot has
   */
  public static Recommendation of(ShootSummary made, Shoot shoot, SelectionResult selection) {
    List<SelectionResult.Verdict> kept = selection.verdicts().stream()
        .filter(SelectionResult.Verdict::isSelected)
        .sorted(Comparator.comparingInt(SelectionResult.Verdict::rank))
        .toList();
    List<Headshot> headshots = shoot.headshots();
    if (kept.size() != headshots.size()) {
      throw new IllegalArgumentException("headshots in the shoot: " + headshots.size()
          + ", kept by the selection: " + kept.size() + "; give the shoot with the kept headshots");
    }
    List<Ranked> ranked = IntStream.range(0, kept.size())
        .mapToObj(i -> ranked(i, headshots.get(i), kept.get(i)))
        .toList();
    return new Recommendation(made, choices(made, ranked), Optional.of(selection));
  }

  private static Ranked ranked(int index, Headshot headshot, SelectionResult.Verdict verdict) {
    return new Ranked(
        index,
        headshot,
        verdict.candidate().card(),
        verdict.isSelected() ? verdict.rank() : Integer.MAX_VALUE);
  }

  private static List<Choice> choices(ShootSummary made, List<Ranked> ranked) {
    List<Ranked> ordered = ranked.stream()
        .sorted(Comparator.comparing((Ranked one) -> !one.isFlawless())
            .thenComparingInt(Ranked::place)
            .thenComparingInt(Ranked::index))
        .toList();
    return IntStream.range(0, ordered.size())
        .mapToObj(i -> choice(made, ordered, i))
        .toList();
  }

  private static Choice choice(ShootSummary made, List<Ranked> ordered, int position) {
    Ranked one = ordered.get(position);
    return new Choice(
        one.index,
        one.headshot,
        Optional.of(one.card),
        made.fitsPerson() && one.isFlawless(),
        reason(ordered, position));
  }

  private static String reason(List<Ranked> ordered, int position) {
    Ranked one = ordered.get(position);
    if (!one.isFlawless()) {
      return ordered.get(0).isFlawless()
          ? FLAWLESS_FIRST
          : position == 0 && ordered.size() > 1
              ? "No image is free of flaws; this one is the best."
              : "";
    }
    return "No flaw was found."
        + (one.place == Integer.MAX_VALUE
            ? " It is nearly the same as a better image."
            : position == 0 && ordered.size() > 1 ? " It is the best of all." : "");
  }

  /** {@return all delivered headshots: those without a flaw first, the best first} */
  public List<Choice> choices() {
    return choices;
  }

  /** {@return the headshots to use, the best first} */
  public List<Choice> recommended() {
    return choices.stream().filter(Choice::isRecommended).toList();
  }

  /** {@return the headshot to begin with; empty if no headshot is recommended} */
  public Optional<Choice> first() {
    return recommended().stream().findFirst();
  }

  /** {@return the decision in one or two sentences for users} */
  public String sentence() {
    int all = choices.size();
    if (all == 0) {
      return "There are no images.";
    }
    if (!made.fitsPerson()) {
      return "Do not use these images for the person in the photos: the face is made up.";
    }
    if (choices.get(0).card().isEmpty()) {
      return "The images were not checked. Look at them closely before you use one.";
    }
    List<Choice> use = recommended();
    if (use.isEmpty()) {
      return (all == 1 ? "The image has" : "All " + all + " images have")
          + " a visible flaw. Generate more before you use one.";
    }
    if (all == 1) {
      return "The image can be used: no flaw was found.";
    }
    String first = use.get(0).file();
    if (use.size() == 1) {
      return "Use only " + first + ": "
          + (all == 2 ? "the other image has" : "the other " + (all - 1) + " images have")
          + " a visible flaw.";
    }
    return (use.size() == all
            ? "All " + all + " images can be used: no flaw was found."
            : "Use " + use.size() + " of " + all + " images: no flaw was found in them.")
        + " Begin with " + first + ".";
  }

  /** The summary of person, photos and base. */
  ShootSummary made() {
    return made;
  }

  /** The selection of which the headshots were kept; empty if all headshots are delivered. */
  Optional<SelectionResult> selection() {
    return selection;
  }

  /**
   * The headshots to show first: those without a flaw; if there are none, the best one; all if they
   * were not scored.
   */
  List<Choice> best() {
    List<Choice> flawless = choices.stream()
        .filter(choice -> choice.card().isEmpty() || choice.isFlawless())
        .toList();
    return flawless.isEmpty() ? choices.stream().limit(1).toList() : flawless;
  }
}
