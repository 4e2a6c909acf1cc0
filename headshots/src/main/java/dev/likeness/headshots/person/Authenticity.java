package dev.likeness.headshots.person;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
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
 * Compares headshots with the person's own photos and flags flattering changes: younger, slimmer or
 * lighter-skinned faces. It reports differences and changes no image. Light and sharpness affect
 * the measures, so a flag is a reason to look at the image, not a verdict. Immutable; the caller
 * closes the {@link ReviewTools}.
 */
public final class Authenticity {
  // How far a headshot may go beyond the most extreme photo.
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
   * Prepares a comparison with the given photos; {@link #judge} then compares headshots.
   *
   * @param photos the person's photos
   * @param tools the face detector and an optional embedder; without an embedder, likeness is not
   *     judged
   * @return the comparison
   */
  public static Authenticity of(List<AcceptedPhoto> photos, ReviewTools tools) {
    Optional<Likeness> likeness = tools
        .embedder()
        .filter(eye -> !photos.isEmpty())
        .map(eye -> FaceEmbeddings.of(photos, eye).likeness(tools.detector(), eye));
    return new Authenticity(tools.detector(), PersonRecord.traits(photos), likeness);
  }

  /**
   * Prepares a comparison with the photos that a person was trained on; {@link #judge} then
   * compares headshots. The comparison uses the measures of these photos in the person's file.
   *
   * @param person the trained person
   * @param tools the face detector and an optional embedder; likeness is judged only with the
   *     embedder that made the face embeddings in the person's file. An embedder that was trained
   *     on rendered faces is not used for real persons
   * @return the comparison; empty if the file has no measures
   * @throws dev.likeness.diffusion.error.InvalidInputException if the record in the person's file
   *     is damaged
   */
  public static Optional<Authenticity> of(LoraPerson person, ReviewTools tools) {
    return of(
        PersonRecord.of(person),
        tools,
        tools.embedder().filter(eye -> FaceEmbeddings.canJudge(eye, person)));
  }

  /**
   * Prepares a comparison with the measures in a person's record; {@link #judge} then compares
   * headshots. The record may be that of a trained person or of a person given by reference images.
   *
   * @param person the record of the person
   * @param tools the face detector and an optional embedder; likeness is judged only with the
   *     embedder that made the face embeddings in the record
   * @return the comparison; empty if the record has no measures
   */
  public static Optional<Authenticity> of(PersonRecord person, ReviewTools tools) {
    return of(person, tools, tools.embedder());
  }

  private static Optional<Authenticity> of(
      PersonRecord person, ReviewTools tools, Optional<FaceEmbedder> judge) {
    Optional<Likeness> likeness = judge.flatMap(eye -> person
        .faces()
        .filter(kept -> kept.embedder().equals(eye.name()))
        .map(kept -> kept.likeness(tools.detector(), eye)));
    return Optional.of(person.traits())
        .filter(traits -> !traits.isEmpty())
        .map(traits -> new Authenticity(tools.detector(), traits, likeness));
  }

  /**
   * Compares a headshot with the photos.
   *
   * @param headshot the generated image
   * @return the flags that apply, and the flags that could not be judged
   */
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

  /** The amount by which each measure exceeds its bound; NaN if it was not measured. */
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

  /** The ways in which a headshot can differ from the photos. */
  public enum Flag {
    /** The likeness is lower than the face similarity of nearly all pairs of photos. */
    LOW_LIKENESS,
    /**
     * The fine detail of the skin is below 60 % of the lowest value among the photos. Younger skin
     * has less detail.
     */
    YOUNGER,
    /** The face has less than 95 % of the width of the narrowest face in the photos. */
    SLIMMER,
    /**
     * The skin is lighter than in the lightest photo by more than 10 degrees of
     * {@link FaceTraits#tone}.
     */
    LIGHTER_SKIN,
    /** The detector found no face in the headshot. */
    NO_FACE;

    /** {@return the flag in lower case, as in {@code record.json}} */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The result for one headshot.
   *
   * @param flags the differences from the photos
   * @param notJudged the flags that could not be judged. {@link Flag#LOW_LIKENESS} needs an
   *     embedder and several photos. {@link Flag#SLIMMER} needs landmarks and a face that is not
   *     turned away. {@link Flag#LIGHTER_SKIN} needs colour. Without a face, only
   *     {@link Flag#NO_FACE} is judged
   */
  public record Result(Set<Flag> flags, Set<Flag> notJudged) {
    /** Copies the sets. */
    public Result {
      flags = Set.copyOf(flags);
      notJudged = Set.copyOf(notJudged);
    }

    /**
     * The result as an object of {@code record.json}.
     *
     * @param file the name of the headshot's file
     * @return the keys {@code file}, {@code flags} and {@code not_judged}
     */
    public Map<String, Object> toMap(String file) {
      return Map.of("file", file, "flags", labels(flags), "not_judged", labels(notJudged));
    }

    private static List<String> labels(Set<Flag> flags) {
      return flags.stream().sorted().map(Flag::label).toList();
    }
  }
}
