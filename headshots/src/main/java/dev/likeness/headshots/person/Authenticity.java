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
  private static final double RARE = 0.05;

  private final FaceDetector detector;
  private final PersonRecord own;
  private final Optional<Likeness> likeness;

  private Authenticity(FaceDetector detector, PersonRecord own, Optional<Likeness> likeness) {
    this.detector = detector;
    this.own = own;
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
    return new Authenticity(tools.detector(), PersonRecord.of(photos), likeness);
  }

  /**
   * Compares with the photos that a person was learnt from, by what their file keeps of them; empty
   * when it keeps nothing.
   */
  public static Optional<Authenticity> of(TrainedPerson person, ReviewTools tools) {
    return of(person.notes(), tools);
  }

  /**
   * The same by a file's notes, also of somebody who was only shown.
   *
   * @param tools as above; likeness is judged when the file was made with the same embedder
   */
  public static Optional<Authenticity> of(Map<String, String> notes, ReviewTools tools) {
    Optional<Likeness> likeness = tools
        .embedder()
        .flatMap(eye -> FaceEmbeddings.of(notes)
            .filter(kept -> kept.embedder().equals(eye.name()))
            .map(kept -> kept.likeness(tools.detector(), eye)));
    return PersonRecord.of(notes).map(own -> new Authenticity(tools.detector(), own, likeness));
  }

  /** In what {@code headshot} departs from the photos. */
  public AuthenticityVerdict judge(RgbImage headshot) {
    List<Face> faces = detector.detect(headshot);
    Set<AuthenticityFlag> flags = EnumSet.noneOf(AuthenticityFlag.class);
    if (faces.isEmpty()) {
      return new AuthenticityVerdict(
          EnumSet.of(AuthenticityFlag.NO_FACE),
          EnumSet.complementOf(EnumSet.of(AuthenticityFlag.NO_FACE)));
    }
    Set<AuthenticityFlag> unjudged = EnumSet.noneOf(AuthenticityFlag.class);
    excess(headshot, FaceTraits.of(headshot, faces.get(0))).forEach((flag, excess) -> {
      if (Double.isNaN(excess)) {
        unjudged.add(flag);
      } else if (excess > 0) {
        flags.add(flag);
      }
    });
    return new AuthenticityVerdict(flags, unjudged);
  }

  /** How far beyond its bound each measure is; NaN for one that was not taken. */
  private Map<AuthenticityFlag, Double> excess(RgbImage headshot, FaceTraits traits) {
    double standing =
        likeness.map(measure -> measure.score(headshot).standing()).orElse(Double.NaN);
    return Map.of(
        AuthenticityFlag.LESS_ALIKE,
        RARE - standing,
        AuthenticityFlag.YOUNGER,
        TEXTURE_SHARE * least(FaceTraits::texture) - traits.texture(),
        AuthenticityFlag.SLIMMER,
        BREADTH_SHARE * least(FaceTraits::breadth) - traits.breadth(),
        AuthenticityFlag.LIGHTER_SKIN,
        traits.tone() - TONE_DEGREES + least(photo -> -photo.tone()));
  }

  private double least(ToDoubleFunction<FaceTraits> trait) {
    return own.traits().stream()
        .mapToDouble(trait)
        .filter(value -> !Double.isNaN(value))
        .min()
        .orElse(Double.NaN);
  }
}
