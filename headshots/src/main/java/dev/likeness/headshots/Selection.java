package dev.likeness.headshots;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
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
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Generates many headshots and keeps a few good ones that differ from each other. Each headshot is
 * scored. If a face has a flaw that can be repaired, this face is generated again. Immutable; the
 * caller closes the face detector.
 */
public final class Selection {
  // Flaws that generating the face again can repair.
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

  /**
   * A scored headshot.
   *
   * @param generated the headshot as it was generated
   * @param delivered the headshot as it is delivered, such as cropped
   * @param pixels the pixels of its file, which are scored
   */
  private record Scored(Headshot generated, Headshot delivered, RgbImage pixels, ScoreCard card) {}

  private final HeadshotStudio studio;
  private final FaceDetector detector;
  private final HeadshotScores scores;
  private final UnaryOperator<Headshot> delivery;
  private final GeneratedImage.Marking marking;

  private Selection(
      HeadshotStudio studio,
      FaceDetector detector,
      HeadshotScores scores,
      UnaryOperator<Headshot> delivery,
      GeneratedImage.Marking marking) {
    this.studio = studio;
    this.detector = detector;
    this.scores = scores;
    this.delivery = delivery;
    this.marking = marking;
  }

  /**
   * Creates a selection. The headshots are delivered as they are generated, in files with the
   * marking of {@link GeneratedImage.Marking#load()}.
   *
   * @param studio generates the headshots
   * @param detector finds the faces to generate again, and the faces for measuring likeness
   * @param scores scores the headshots
   * @return the selection
   */
  public static Selection of(HeadshotStudio studio, FaceDetector detector, HeadshotScores scores) {
    return new Selection(
        studio, detector, scores, UnaryOperator.identity(), GeneratedImage.Marking.load());
  }

  /**
   * Returns a selection that changes each headshot before it is scored, so that the scores are
   * those of the delivered headshot. The candidates are the changed headshots.
   *
   * @param change the change, such as {@code headshot -> headshot.crop(detector)}
   * @return the new selection
   */
  public Selection delivery(UnaryOperator<Headshot> change) {
    return new Selection(studio, detector, scores, change, marking);
  }

  /**
   * Returns a selection that scores the headshots with the label and watermark of the given
   * marking. The candidates have neither, because {@link Headshot#write} adds them.
   *
   * @param other the marking of the files
   * @return the new selection
   */
  public Selection marking(GeneratedImage.Marking other) {
    return new Selection(studio, detector, scores, delivery, other);
  }

  /**
   * {@return the verdicts on the images of a request} The method reports no progress. It throws the
   * exceptions of {@link #shoot(Identity, ShootRequest, int, Run)}.
   *
   * @param person the person
   * @param request the request
   * @param keep the number of images to keep
   */
  public SelectionResult shoot(Identity person, ShootRequest request, int keep) {
    return shoot(person, request, keep, Run.silent());
  }

  /**
   * Generates the images of a request and keeps some of them.
   *
   * @param person the person
   * @param request the request
   * @param keep the number of images to keep; fewer are kept if too few images show a face and
   *     differ from each other
   * @param run receives progress, and stops the work if it is cancelled
   * @return the verdict on each image, with its scores and whether it is kept
   * @throws IllegalArgumentException if {@code keep} is not between 1 and the number of generated
   *     images
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public SelectionResult shoot(Identity person, ShootRequest request, int keep, Run run) {
    requireCount(request, keep);
    return SelectionResult.of(candidates(person, request, run), keep);
  }

  /**
   * {@return the scored images of a request} The method reports no progress. It throws the
   * exceptions of {@link #candidates(Identity, ShootRequest, Run)}.
   *
   * @param person the person
   * @param request the request
   */
  public List<SelectionResult.Candidate> candidates(Identity person, ShootRequest request) {
    return candidates(person, request, Run.silent());
  }

  /**
   * Generates the images of a request and scores them, without selecting.
   * {@link SelectionResult#of} selects among them.
   *
   * @param person the person
   * @param request the request
   * @param run receives progress, and stops the work if it is cancelled
   * @return the images with their scores, in the order of the request
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public List<SelectionResult.Candidate> candidates(
      Identity person, ShootRequest request, Run run) {
    int count = imageCount(request);
    return run.report(() -> {
      Run part = run.part();
      Progress steps = part.progress();
      // Tools are opened before the first image is generated, so that a failure is early.
      try (PromptAdherence adherence = studio.promptAdherence()) {
        Optional<Likeness> guidance = studio.guidanceLikeness(person, detector);
        Shoot shoot = studio.shoot(person, request, part);
        steps.onEvent(new ProgressEvent.Phase("choose", count));
        // A regional adapter acts in one place of the image, so it cannot be used on a crop.
        boolean repairs =
            !studio.withFaceGuidance(person).at(request.identityStrength()).isRegional();
        List<SelectionResult.Candidate> candidates = new ArrayList<>();
        for (Headshot headshot : shoot.headshots()) {
          run.cancellation().throwIfCancelled();
          Scored best = score(person, headshot, repairs, run.cancellation());
          run.cancellation().throwIfCancelled();
          candidates.add(new SelectionResult.Candidate(
              best.delivered,
              best.card,
              adherence.measure(best.delivered, best.pixels),
              best.generated != headshot,
              guidance.map(measure -> measure.cosine(best.pixels)).orElse(Double.NaN)));
          steps.onEvent(new ProgressEvent.Step("choose", candidates.size(), count));
        }
        return candidates;
      }
    });
  }

  /**
   * Checks the number of images to keep. Call this method before a person is trained.
   *
   * @param request the request
   * @param keep the number of images to keep
   * @throws IllegalArgumentException if {@code keep} is not between 1 and the number of generated
   *     images
   */
  public static void requireCount(ShootRequest request, int keep) {
    int count = imageCount(request);
    if (keep < 1 || keep > count) {
      throw new IllegalArgumentException(
          "cannot keep " + keep + " headshots; keep at least 1, and at most the number of"
              + " generated headshots, " + count);
    }
  }

  private static int imageCount(ShootRequest request) {
    return request.count() * request.styles().size();
  }

  /**
   * Scores an image. If its face can be repaired, generates the face again and takes the better
   * image.
   */
  private Scored score(
      Identity person, Headshot headshot, boolean repairs, Cancellation cancellation) {
    Scored first = score(headshot);
    boolean repairable = repairs
        && first.card.failures().stream()
            .map(ScoreCard.Score::aspect)
            .anyMatch(REPAIRABLE::contains);
    List<Face> faces = repairable ? detector.detect(headshot.image()) : List.of();
    if (faces.isEmpty()) {
      return first;
    }
    Headshot again = studio.regenerateFace(
        person, headshot, faces.get(0), REPAIR_STRENGTH, Run.of(cancellation));
    cancellation.throwIfCancelled();
    Scored repaired = score(again);
    return isBetter(first.card, repaired.card) ? repaired : first;
  }

  private Scored score(Headshot generated) {
    Headshot delivered = delivery.apply(generated);
    RgbImage pixels = delivered.marked(marking);
    return new Scored(generated, delivered, pixels, scores.score(pixels));
  }

  private static boolean isBetter(ScoreCard before, ScoreCard after) {
    int fewer = before.failures().size() - after.failures().size();
    double gain = after.quality() * after.likeness() - before.quality() * before.likeness();
    return !isWorse(before, after) && (fewer > 0 || fewer == 0 && gain > 0);
  }

  /**
   * Returns true if a repair loses the face, changes the person or adds a second face. Other scores
   * do not make up for this: without a face, nothing else is scored.
   */
  private static boolean isWorse(ScoreCard before, ScoreCard after) {
    return Stream.of(ScoreAspect.FACE, ScoreAspect.SECOND_FACE, ScoreAspect.LIKENESS)
        .anyMatch(aspect -> isPassed(before, aspect) && !isPassed(after, aspect));
  }

  private static boolean isPassed(ScoreCard card, ScoreAspect aspect) {
    return card.of(aspect).map(ScoreCard.Score::isPassed).orElse(true);
  }
}
