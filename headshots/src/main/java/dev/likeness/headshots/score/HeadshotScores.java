package dev.likeness.headshots.score;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.DetailMeasures;
import dev.likeness.headshots.internal.score.FaceMeasures;
import dev.likeness.headshots.internal.score.FaceView;
import dev.likeness.headshots.internal.score.GazeNetwork;
import dev.likeness.headshots.internal.score.HandMeasure;
import dev.likeness.headshots.internal.score.LightMeasures;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.headshots.internal.score.SceneMeasures;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessScore;
import dev.likeness.photos.quality.Brisque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Scores headshots by the aspects of {@link ScoreAspect}. A further call of a {@code likeness}
 * method replaces the likeness of the earlier call. Immutable and thread-safe; the caller closes
 * the face detector and the other models.
 */
public final class HeadshotScores {
  private static final Map<ScoreAspect, ToDoubleFunction<FaceView>> MEASURES = measures();

  private final FaceDetector detector;
  private final Optional<Brisque> brisque;
  private final List<Judge> judges;
  private final int people;
  private final ScoreLimits limits;

  /** The likeness to one person, and the cosine below which an image fails. */
  private record Judge(Likeness measure, double least) {
    static Judge of(Likeness measure, Identity person) {
      return new Judge(
          measure,
          FaceEmbeddings.canJudge(measure, person)
              ? measure.threshold()
              : Double.NEGATIVE_INFINITY);
    }
  }

  private HeadshotScores(
      FaceDetector detector,
      Optional<Brisque> brisque,
      List<Judge> judges,
      int people,
      ScoreLimits limits) {
    this.detector = detector;
    this.brisque = brisque;
    this.judges = judges;
    this.people = people;
    this.limits = limits;
  }

  /**
   * Creates scores of all aspects except distortion and likeness. Some aspects are scored only if
   * they can be measured. Proportions need a detector that returns landmarks; glasses and jewellery
   * must be worn; hands need an image in colour.
   *
   * @param detector finds faces; the caller closes it
   * @return the scores, with {@link ScoreLimits#builtIn()}
   */
  public static HeadshotScores of(FaceDetector detector) {
    return new HeadshotScores(detector, Optional.empty(), List.of(), 1, ScoreLimits.builtIn());
  }

  /**
   * Adds the score of distortion.
   *
   * @param model the BRISQUE model
   * @return the new scores
   */
  public HeadshotScores brisque(Brisque model) {
    return new HeadshotScores(detector, Optional.of(model), judges, people, limits);
  }

  /**
   * Adds a score for the likeness to a person. An image fails if {@link Likeness#recognises} is
   * false for it.
   *
   * @param measure the likeness to the person's photos
   * @return the new scores
   */
  public HeadshotScores likeness(Likeness measure) {
    return likeness(measure, measure.threshold());
  }

  /**
   * Adds a score for the likeness to a person. An image fails if {@link Likeness#recognises} is
   * false for it. If the embedder was trained on rendered faces and the person is real, only a
   * missing face fails, because the threshold does not apply to photographs.
   *
   * @param measure the likeness to the person's photos
   * @param person the person, whose consent tells whether the photos were rendered
   * @return the new scores
   */
  public HeadshotScores likeness(Likeness measure, Identity person) {
    return with(List.of(Judge.of(measure, person)));
  }

  private HeadshotScores with(List<Judge> others) {
    return new HeadshotScores(detector, brisque, others, people, limits);
  }

  /**
   * Sets the number of persons in an image: only a face beyond this number counts as a second face.
   *
   * @param count the number of persons, at least 1
   * @return the new scores
   * @throws IllegalArgumentException if {@code count} is less than 1
   */
  public HeadshotScores people(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "an image shows at least one person, got " + count + " people");
    }
    return new HeadshotScores(detector, brisque, judges, count, limits);
  }

  /**
   * Adds one score of likeness for each person in an image. {@link LikenessScore#ofPeople} assigns
   * a face to each person. An image fails if one person is below the threshold or has no face. If
   * the embedder was trained on rendered faces and the persons are real, only a missing face fails,
   * because the threshold does not apply to photographs.
   *
   * @param measures one measure for each person; 1 to 12 persons, all with the same embedder
   * @param group the persons together, whose consent tells whether the photos were rendered
   * @return the new scores, for images of all these persons
   * @throws IllegalArgumentException if {@code measures} is empty. If there are more than 12, or
   *     their embedders differ, {@link #score} throws this exception
   */
  public HeadshotScores likeness(List<Likeness> measures, Identity group) {
    return people(measures.size())
        .with(measures.stream().map(measure -> Judge.of(measure, group)).toList());
  }

  /**
   * Adds a score for the likeness to a person. Uses the given threshold instead of the embedder's
   * own.
   *
   * @param measure the likeness to the person's photos
   * @param least the cosine similarity below which an image fails, -1 to 1, such as the embedder's
   *     {@code samePersonThreshold()}. With negative infinity, only a missing face fails
   * @return the new scores
   */
  public HeadshotScores likeness(Likeness measure, double least) {
    return with(List.of(new Judge(measure, least)));
  }

  /**
   * Returns a copy of these scores with the given limits.
   *
   * @param other the limits
   * @return the new scores
   */
  public HeadshotScores limits(ScoreLimits other) {
    return new HeadshotScores(detector, brisque, judges, people, other);
  }

  /**
   * Scores an image by its largest face. Only the likeness to several persons is scored by the face
   * of each person. Without a face, the card has only {@link ScoreAspect#FACE}.
   *
   * @param image the image
   * @return the scores
   */
  public ScoreCard score(RgbImage image) {
    List<Face> faces = detector.detect(image);
    List<ScoreCard.Score> scores = new ArrayList<>();
    scores.add(ScoreCard.Score.atMost(ScoreAspect.FACE, faces.isEmpty() ? 1 : 0, 0));
    if (!faces.isEmpty()) {
      scores.add(ScoreCard.Score.atMost(
          ScoreAspect.SECOND_FACE,
          faces.size() > people ? area(faces.get(people)) / area(faces.get(0)) : 0,
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
      // The detector of the likeness may find no face. The cosine is then NaN, and the score fails.
      scores.addAll(likeness(image));
    }
    return new ScoreCard(scores);
  }

  private List<ScoreCard.Score> likeness(RgbImage image) {
    if (judges.size() == 1) {
      Judge one = judges.get(0);
      return List.of(ScoreCard.Score.likeness(one.measure.score(image), one.least, 0));
    }
    List<LikenessScore> measured = judges.isEmpty()
        ? List.of()
        : LikenessScore.ofPeople(judges.stream().map(Judge::measure).toList(), image);
    return IntStream.range(0, measured.size())
        .mapToObj(i -> ScoreCard.Score.likeness(measured.get(i), judges.get(i).least, i + 1))
        .toList();
  }

  private static double area(Face face) {
    return face.box().width() * face.box().height();
  }

  /**
   * Measures one aspect of one face, to evaluate the measures themselves.
   *
   * @param aspect any aspect except {@link ScoreAspect#FACE}, {@link ScoreAspect#SECOND_FACE},
   *     {@link ScoreAspect#DISTORTION} and {@link ScoreAspect#LIKENESS}
   * @param image the image
   * @param face the face in pixels of the image
   * @return the value in the unit of the aspect; NaN if the aspect cannot be measured, for example
   *     without glasses
   * @throws IllegalArgumentException if {@code aspect} is one of the four excluded aspects
   */
  public static double measure(ScoreAspect aspect, RgbImage image, Face face) {
    ToDoubleFunction<FaceView> measure = MEASURES.get(aspect);
    if (measure == null) {
      throw new IllegalArgumentException("the aspect " + aspect.label()
          + " cannot be measured on a single face; choose another aspect");
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
