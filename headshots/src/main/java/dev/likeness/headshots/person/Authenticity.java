package dev.likeness.headshots.person;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * Tells headshots that flatter from those that do not, on the scale of the person's own photos. It
 * only says so: nothing is retouched or left out, and what could not be compared is named. What it
 * sees depends on light and sharpness too, so a flag is a reason to look, not a judgement.
 * Immutable; the tools stay the caller's to close.
 */
public final class Authenticity {
  // How far beyond the most extreme photo a headshot must be.
  private static final double TONE_DEGREES = 10;
  private static final double TEXTURE_SHARE = 0.6;
  private static final double BREADTH_SHARE = 0.95;
  private static final double MIN_STANDING = 0.05;

  private final FaceDetector detector;
  private final List<FaceTraits> photos;
  private final Optional<Likeness> likeness;

  private Authenticity(
      FaceDetector detector, List<FaceTraits> photos, Optional<Likeness> likeness) {
    this.detector = detector;
    this.photos = photos;
    this.likeness = likeness;
  }

  /**
   * Compares with {@code photos}.
   *
   * @param tools whose detector finds the face; likeness is judged when they have an embedder
   */
  public static Authenticity of(List<AcceptedPhoto> photos, ReviewTools tools) {
    Optional<Likeness> likeness = tools
        .embedder()
        .filter(eye -> !photos.isEmpty())
        .map(eye -> FaceEmbeddings.of(photos, eye).likeness(tools.detector(), eye));
    return new Authenticity(tools.detector(), PersonRecord.traits(photos), likeness);
  }

  /**
   * Compares with the photos that a person was learnt from, by what their file keeps of them; empty
   * when it keeps nothing.
   */
  public static Optional<Authenticity> of(TrainedPerson person, ReviewTools tools) {
    return of(PersonRecord.of(person), tools);
  }

  /**
   * The same for a record, also of a person from reference images.
   *
   * @param tools as above; likeness is judged when the file was made with the same embedder
   */
  public static Optional<Authenticity> of(PersonRecord person, ReviewTools tools) {
    Optional<Likeness> likeness = tools
        .embedder()
        .flatMap(eye -> person
            .faces()
            .filter(kept -> kept.embedder().equals(eye.name()))
            .map(kept -> kept.likeness(tools.detector(), eye)));
    return Optional.of(person.traits())
        .filter(traits -> !traits.isEmpty())
        .map(traits -> new Authenticity(tools.detector(), traits, likeness));
  }

  /** In what {@code headshot} departs from the photos. */
  public Result judge(RgbImage headshot) {
    List<Face> faces = detector.detect(headshot);
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    if (faces.isEmpty()) {
      return new Result(EnumSet.of(Flag.NO_FACE), EnumSet.complementOf(EnumSet.of(Flag.NO_FACE)));
    }
    Set<Flag> unjudged = EnumSet.noneOf(Flag.class);
    excess(headshot, FaceTraits.of(headshot, faces.get(0))).forEach((flag, excess) -> {
      if (Double.isNaN(excess)) {
        unjudged.add(flag);
      } else if (excess > 0) {
        flags.add(flag);
      }
    });
    return new Result(flags, unjudged);
  }

  /** How far beyond its bound each measure is; NaN for one that was not taken. */
  private Map<Flag, Double> excess(RgbImage headshot, FaceTraits traits) {
    double standing =
        likeness.map(measure -> measure.score(headshot).percentile()).orElse(Double.NaN);
    return Map.of(
        Flag.LOW_LIKENESS,
        MIN_STANDING - standing,
        Flag.YOUNGER,
        TEXTURE_SHARE * minimum(FaceTraits::texture) - traits.texture(),
        Flag.SLIMMER,
        BREADTH_SHARE * minimum(FaceTraits::faceWidth) - traits.faceWidth(),
        Flag.LIGHTER_SKIN,
        traits.tone() - TONE_DEGREES + minimum(photo -> -photo.tone()));
  }

  private double minimum(ToDoubleFunction<FaceTraits> trait) {
    return photos.stream()
        .mapToDouble(trait)
        .filter(value -> !Double.isNaN(value))
        .min()
        .orElse(Double.NaN);
  }

  /** In what a headshot departs from the person's own photos. */
  public enum Flag {
    /** Less like the person than their own photos are like each other. */
    LOW_LIKENESS,
    /** Its skin has less fine detail than in any of the photos, as younger skin has. */
    YOUNGER,
    /** Its face is narrower than in any of the photos. */
    SLIMMER,
    /** Its skin is lighter than in any of the photos. */
    LIGHTER_SKIN,
    /** No face was found to compare. */
    NO_FACE;

    /** Its name in records. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What {@link Authenticity} says of a headshot.
   *
   * @param flags in what it departs from the photos
   * @param notJudged what could not be compared: {@link Flag#LOW_LIKENESS} without an embedder or
   *     with a single photo, {@link Flag#SLIMMER} without a detector of landmarks or for a face
   *     turned away, all where no face was found
   */
  public record Result(Set<Flag> flags, Set<Flag> notJudged) {
    public Result {
      flags = Set.copyOf(flags);
      notJudged = Set.copyOf(notJudged);
    }

    /** As it stands in records, of the image in {@code file}. */
    public Map<String, Object> toMap(String file) {
      return Map.of("file", file, "flags", labels(flags), "not_judged", labels(notJudged));
    }

    private static List<String> labels(Set<Flag> flags) {
      return flags.stream().sorted().map(Flag::label).toList();
    }
  }
}
