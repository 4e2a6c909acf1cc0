package dev.likeness.headshots.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.DetailMeasures;
import dev.likeness.headshots.internal.score.FaceMeasures;
import dev.likeness.headshots.internal.score.FaceView;
import dev.likeness.headshots.internal.score.GazeNetwork;
import dev.likeness.headshots.internal.score.HandMeasure;
import dev.likeness.headshots.internal.score.LightMeasures;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.headshots.internal.score.SceneMeasures;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.quality.Brisque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Scores headshots. Immutable and shared by threads; the tools stay the caller's to close. */
public final class HeadshotScores {
  private static final Map<ScoreAspect, ToDoubleFunction<FaceView>> MEASURES = measures();

  private final FaceDetector detector;
  private final Optional<Brisque> brisque;
  private final Optional<Likeness> likeness;
  private final double minLikeness;
  private final ScoreLimits limits;

  private HeadshotScores(
      FaceDetector detector,
      Optional<Brisque> brisque,
      Optional<Likeness> likeness,
      double sameAbove,
      ScoreLimits limits) {
    this.detector = detector;
    this.brisque = brisque;
    this.likeness = likeness;
    this.minLikeness = sameAbove;
    this.limits = limits;
  }

  /**
   * Scores of everything but distortion and likeness; of proportions when the detector gives
   * landmarks, of glasses and jewellery where some are found, of hands where skin has a colour.
   */
  public static HeadshotScores of(FaceDetector detector) {
    return new HeadshotScores(
        detector, Optional.empty(), Optional.empty(), 0, ScoreLimits.builtIn());
  }

  /** Adds the distortion score. */
  public HeadshotScores brisque(Brisque model) {
    return new HeadshotScores(detector, Optional.of(model), likeness, minLikeness, limits);
  }

  /** Adds likeness to a person; an image below {@link Likeness#threshold()} fails. */
  public HeadshotScores likeness(Likeness measure) {
    return likeness(measure, measure.threshold());
  }

  /**
   * Adds likeness to a person.
   *
   * @param least the cosine below which an image fails, such as the embedder's
   *     {@code minLikeness()}
   */
  public HeadshotScores likeness(Likeness measure, double least) {
    return new HeadshotScores(detector, brisque, Optional.of(measure), least, limits);
  }

  /** The same with other thresholds. */
  public HeadshotScores limits(ScoreLimits other) {
    return new HeadshotScores(detector, brisque, likeness, minLikeness, other);
  }

  /** The scores of an image, of its largest face; without a face that alone is said. */
  public ScoreCard score(RgbImage image) {
    List<Face> faces = detector.detect(image);
    List<ScoreCard.Score> scores = new ArrayList<>();
    scores.add(ScoreCard.Score.atMost(ScoreAspect.FACE, faces.isEmpty() ? 1 : 0, 0));
    if (!faces.isEmpty()) {
      scores.add(ScoreCard.Score.atMost(
          ScoreAspect.SECOND_FACE,
          faces.size() > 1 ? area(faces.get(1)) / area(faces.get(0)) : 0,
          limits.of(ScoreAspect.SECOND_FACE)));
      FaceView view = new FaceView(image, faces.get(0));
      MEASURES.forEach((aspect, measure) -> {
        double value = measure.applyAsDouble(view);
        if (!Double.isNaN(value)) {
          scores.add(ScoreCard.Score.atMost(aspect, value, limits.of(aspect)));
        }
      });
      brisque.ifPresent(model -> scores.add(ScoreCard.Score.atMost(
          ScoreAspect.DISTORTION,
          model.score(image, faces.get(0)),
          limits.of(ScoreAspect.DISTORTION))));
      // Its own detector may find no face: the cosine is NaN then, and the score fails.
      likeness
          .map(measure -> measure.score(image))
          .ifPresent(measured -> scores.add(ScoreCard.Score.likeness(measured, minLikeness)));
    }
    return new ScoreCard(scores);
  }

  private static double area(Face face) {
    return face.box().width() * face.box().height();
  }

  /**
   * One measure of one face, in the aspect's unit, NaN where there is nothing to measure, such as
   * glasses on a bare face; for grading the measures themselves.
   */
  public static double measure(ScoreAspect aspect, RgbImage image, Face face) {
    ToDoubleFunction<FaceView> measure = MEASURES.get(aspect);
    if (measure == null) {
      throw new IllegalArgumentException(aspect.label() + " is not measured on the image alone");
    }
    return measure.applyAsDouble(new FaceView(image, face));
  }

  private static Map<ScoreAspect, ToDoubleFunction<FaceView>> measures() {
    Map<ScoreAspect, ToDoubleFunction<FaceView>> all = new EnumMap<>(ScoreAspect.class);
    all.put(
        ScoreAspect.SHARPNESS, view -> PhotoFeatures.of(view.image, view.face).blur());
    all.put(ScoreAspect.EXPOSURE, LightMeasures::exposure);
    all.put(ScoreAspect.NOISE, DetailMeasures::noise);
    all.put(ScoreAspect.COMPRESSION, DetailMeasures::compression);
    all.put(ScoreAspect.LIGHT_DIRECTION, LightMeasures::direction);
    all.put(ScoreAspect.LIGHT_FALLOFF, LightMeasures.FalloffMeasure::falloff);
    all.put(ScoreAspect.PROPORTIONS, FaceMeasures::proportions);
    all.put(ScoreAspect.SYMMETRY, FaceMeasures::symmetry);
    all.put(ScoreAspect.EYES, FaceMeasures::eyes);
    all.put(ScoreAspect.GAZE, GazeNetwork.GazeMeasure::divergence);
    all.put(ScoreAspect.MOUTH, FaceMeasures::mouth);
    all.put(ScoreAspect.EARS, FaceMeasures.EarMeasure::repetition);
    all.put(
        ScoreAspect.GLASSES,
        view -> PairNetwork.PairMeasure.mismatch(view, PairNetwork.Accessory.GLASSES));
    all.put(
        ScoreAspect.JEWELLERY,
        view -> PairNetwork.PairMeasure.mismatch(view, PairNetwork.Accessory.HOOPS));
    all.put(ScoreAspect.HANDS, HandMeasure::hands);
    all.put(ScoreAspect.SKIN_WAX, DetailMeasures::wax);
    all.put(ScoreAspect.SKIN_SHARP, DetailMeasures::sharp);
    all.put(ScoreAspect.HAIR_EDGES, SceneMeasures::hairEdges);
    all.put(ScoreAspect.BACKGROUND, SceneMeasures::seamStrength);
    all.put(ScoreAspect.TEXT, SceneMeasures::text);
    return all;
  }
}
