package dev.likeness.headshots.score;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.internal.score.DetailMeasures;
import dev.likeness.headshots.internal.score.EarMeasure;
import dev.likeness.headshots.internal.score.FaceMeasures;
import dev.likeness.headshots.internal.score.FalloffMeasure;
import dev.likeness.headshots.internal.score.GazeMeasure;
import dev.likeness.headshots.internal.score.HandMeasure;
import dev.likeness.headshots.internal.score.LightMeasures;
import dev.likeness.headshots.internal.score.PairMeasure;
import dev.likeness.headshots.internal.score.SceneMeasures;
import dev.likeness.headshots.internal.score.View;
import dev.likeness.headshots.internal.score.Worn;
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
  private static final Map<Aspect, ToDoubleFunction<View>> MEASURES = measures();

  private final FaceDetector detector;
  private final Optional<Brisque> brisque;
  private final Optional<Likeness> likeness;
  private final double sameAbove;
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
    this.sameAbove = sameAbove;
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

  /** The same with distortion. */
  public HeadshotScores brisque(Brisque model) {
    return new HeadshotScores(detector, Optional.of(model), likeness, sameAbove, limits);
  }

  /** The same with likeness to somebody, which fails below {@link Likeness#least()}. */
  public HeadshotScores likeness(Likeness measure) {
    return likeness(measure, measure.least());
  }

  /**
   * The same with likeness to somebody.
   *
   * @param least the cosine below which a picture fails, such as the embedder's {@code sameAbove()}
   */
  public HeadshotScores likeness(Likeness measure, double least) {
    return new HeadshotScores(detector, brisque, Optional.of(measure), least, limits);
  }

  /** The same with other thresholds. */
  public HeadshotScores limits(ScoreLimits other) {
    return new HeadshotScores(detector, brisque, likeness, sameAbove, other);
  }

  /** The scores of a picture, of its largest face; without a face that alone is said. */
  public ScoreCard score(Picture picture) {
    List<Face> faces = detector.detect(picture);
    List<Score> scores = new ArrayList<>();
    scores.add(Score.atMost(Aspect.FACE, faces.isEmpty() ? 1 : 0, 0));
    if (!faces.isEmpty()) {
      scores.add(Score.atMost(
          Aspect.SECOND_FACE,
          faces.size() > 1 ? area(faces.get(1)) / area(faces.get(0)) : 0,
          limits.of(Aspect.SECOND_FACE)));
      View view = new View(picture, faces.get(0));
      MEASURES.forEach((aspect, measure) -> {
        double value = measure.applyAsDouble(view);
        if (!Double.isNaN(value)) {
          scores.add(Score.atMost(aspect, value, limits.of(aspect)));
        }
      });
      brisque.ifPresent(model -> scores.add(Score.atMost(
          Aspect.DISTORTION, model.score(picture, faces.get(0)), limits.of(Aspect.DISTORTION))));
      // Its own detector may find no face: the cosine is NaN then, and the score fails.
      likeness
          .map(measure -> measure.score(picture))
          .ifPresent(measured -> scores.add(Score.likeness(measured, sameAbove)));
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
  public static double measure(Aspect aspect, Picture picture, Face face) {
    ToDoubleFunction<View> measure = MEASURES.get(aspect);
    if (measure == null) {
      throw new IllegalArgumentException(aspect.word() + " is not measured on the picture alone");
    }
    return measure.applyAsDouble(new View(picture, face));
  }

  private static Map<Aspect, ToDoubleFunction<View>> measures() {
    Map<Aspect, ToDoubleFunction<View>> all = new EnumMap<>(Aspect.class);
    all.put(Aspect.SHARPNESS, view -> PhotoFeatures.of(view.picture, view.face).blur());
    all.put(Aspect.EXPOSURE, LightMeasures::exposure);
    all.put(Aspect.NOISE, DetailMeasures::noise);
    all.put(Aspect.COMPRESSION, DetailMeasures::compression);
    all.put(Aspect.LIGHT_DIRECTION, LightMeasures::direction);
    all.put(Aspect.LIGHT_FALLOFF, FalloffMeasure::falloff);
    all.put(Aspect.PROPORTIONS, FaceMeasures::proportions);
    all.put(Aspect.SYMMETRY, FaceMeasures::symmetry);
    all.put(Aspect.EYES, FaceMeasures::eyes);
    all.put(Aspect.GAZE, GazeMeasure::apart);
    all.put(Aspect.MOUTH, FaceMeasures::mouth);
    all.put(Aspect.EARS, EarMeasure::doubled);
    all.put(Aspect.GLASSES, view -> PairMeasure.mismatch(view, Worn.GLASSES));
    all.put(Aspect.JEWELLERY, view -> PairMeasure.mismatch(view, Worn.HOOPS));
    all.put(Aspect.HANDS, HandMeasure::hands);
    all.put(Aspect.SKIN_WAX, DetailMeasures::wax);
    all.put(Aspect.SKIN_SHARP, DetailMeasures::sharp);
    all.put(Aspect.HAIR_EDGES, SceneMeasures::hairEdges);
    all.put(Aspect.BACKGROUND, SceneMeasures::seam);
    all.put(Aspect.TEXT, SceneMeasures::text);
    return all;
  }
}
