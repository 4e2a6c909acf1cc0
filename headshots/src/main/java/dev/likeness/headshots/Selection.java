package dev.likeness.headshots;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Draws many headshots and keeps a varied few: each is scored, its face drawn again where that may
 * help, and the best are chosen. Immutable; the tools stay the caller's to close.
 */
public final class Selection {
  // What drawing the face again can mend.
  private static final Set<ScoreAspect> REPAIRABLE = EnumSet.of(
      ScoreAspect.SHARPNESS,
      ScoreAspect.EYES,
      ScoreAspect.GAZE,
      ScoreAspect.GLASSES,
      ScoreAspect.MOUTH,
      ScoreAspect.SYMMETRY,
      ScoreAspect.SKIN_WAX,
      ScoreAspect.SKIN_SHARP,
      ScoreAspect.LIKENESS,
      ScoreAspect.PROPORTIONS);
  private static final double REPAIR_STRENGTH = 0.45;

  private record Scored(Headshot headshot, ScoreCard card) {}

  private final HeadshotStudio studio;
  private final FaceDetector detector;
  private final HeadshotScores scores;

  private Selection(HeadshotStudio studio, FaceDetector detector, HeadshotScores scores) {
    this.studio = studio;
    this.detector = detector;
    this.scores = scores;
  }

  /**
   * Chooses by {@code scores} among what {@code studio} draws.
   *
   * @param detector finds the faces to draw again, and those that are compared by what holds them
   */
  public static Selection of(HeadshotStudio studio, FaceDetector detector, HeadshotScores scores) {
    return new Selection(studio, detector, scores);
  }

  /**
   * Draws {@code request} and keeps {@code keep} of its images; fewer when no more show a face of
   * their own.
   *
   * @throws IllegalArgumentException when more are to be kept than drawn
   * @throws dev.likeness.diffusion.error.CancelledException within a step of drawing, or one of
   *     judging an image, of {@code cancellation}
   */
  public SelectionResult shoot(
      Identity person,
      ShootRequest request,
      int keep,
      Progress progress,
      Cancellation cancellation) {
    requireCount(request, keep);
    return SelectionResult.of(candidates(person, request, progress, cancellation), keep);
  }

  /**
   * Draws {@code request}, scores its images and draws faces again where that helps: what
   * {@link SelectionResult#of} chooses among.
   *
   * @throws dev.likeness.diffusion.error.CancelledException within a step of drawing, or one of
   *     judging an image, of {@code cancellation}
   */
  public List<SelectionResult.Candidate> candidates(
      Identity person, ShootRequest request, Progress progress, Cancellation cancellation) {
    int drawn = imageCount(request);
    return progress.reportOutcome(() -> {
      Progress steps = innerProgress(progress);
      // What judges is opened before anything is drawn: what cannot be costs no image then.
      try (PromptAdherence obedience = studio.promptAdherence()) {
        Optional<Likeness> holding = studio.guidanceLikeness(person, detector);
        Shoot shoot = studio.shoot(person, request, steps, cancellation);
        steps.onEvent(new ProgressEvent.Phase("choose", drawn));
        // Who is in some places of an image alone cannot be drawn in a crop of it.
        boolean redraws =
            !studio.withFaceGuidance(person).at(request.likeness()).isRegional();
        List<SelectionResult.Candidate> candidates = new ArrayList<>();
        for (Headshot headshot : shoot.headshots()) {
          cancellation.throwIfCancelled();
          Scored best = score(person, headshot, redraws, cancellation);
          cancellation.throwIfCancelled();
          candidates.add(new SelectionResult.Candidate(
              best.headshot,
              best.card,
              obedience.measure(best.headshot),
              best.headshot != headshot,
              holding.map(held -> held.cosine(best.headshot.image())).orElse(Double.NaN)));
          steps.onEvent(new ProgressEvent.Step("choose", candidates.size(), drawn, Double.NaN));
        }
        return candidates;
      }
    });
  }

  /**
   * Refuses to keep more than is drawn, before anybody is learnt.
   *
   * @throws IllegalArgumentException when {@code request} draws fewer than {@code keep} images, or
   *     none are to be kept
   */
  public static void requireCount(ShootRequest request, int keep) {
    int drawn = imageCount(request);
    if (keep < 1 || keep > drawn) {
      throw new IllegalArgumentException(
          "cannot keep " + keep + " of " + drawn + " headshots; keep 1 to " + drawn);
    }
  }

  private static int imageCount(ShootRequest request) {
    return request.count() * request.styles().size();
  }

  /** Scores an image, and draws its face again when that mends more than it spoils. */
  private Scored score(
      Identity person, Headshot headshot, boolean redraws, Cancellation cancellation) {
    ScoreCard card = scores.score(headshot.image());
    Headshot best = headshot;
    boolean mendable = redraws
        && card.failures().stream().map(ScoreCard.Score::aspect).anyMatch(REPAIRABLE::contains);
    List<Face> faces = mendable ? detector.detect(headshot.image()) : List.of();
    if (!faces.isEmpty()) {
      Headshot again =
          studio.regenerateFace(person, headshot, faces.get(0), REPAIR_STRENGTH, cancellation);
      cancellation.throwIfCancelled();
      ScoreCard mended = scores.score(again.image());
      int fewer = card.failures().size() - mended.failures().size();
      if (!isWorse(card, mended)
          && (fewer > 0
              || fewer == 0
                  && mended.quality() * mended.likeness() > card.quality() * card.likeness())) {
        best = again;
        card = mended;
      }
    }
    return new Scored(best, card);
  }

  /**
   * A repair that loses the face, changes the person or adds a second face is worse, whatever else
   * it improves: without a face nothing else is scored.
   */
  private static boolean isWorse(ScoreCard before, ScoreCard after) {
    return Stream.of(ScoreAspect.FACE, ScoreAspect.SECOND_FACE, ScoreAspect.LIKENESS)
        .anyMatch(aspect -> isPassed(before, aspect) && !isPassed(after, aspect));
  }

  private static boolean isPassed(ScoreCard card, ScoreAspect aspect) {
    return card.of(aspect).map(ScoreCard.Score::isPassed).orElse(true);
  }

  // The one terminal event is the casting's own.
  private static Progress innerProgress(Progress progress) {
    return event -> {
      if (event instanceof ProgressEvent.Phase
          || event instanceof ProgressEvent.Step
          || event instanceof ProgressEvent.Notice) {
        progress.onEvent(event);
      }
    };
  }
}
