package dev.likeness.headshots.choice;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessScore;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Looks at how like somebody faces are, beside the judge's own: that of what held them while they were drawn, and both once
 * more with the face where the cascades find it, since what each of them gets wrong is in part its own.
 */
final class Looks implements AutoCloseable {
  private final List<Likeness> looks;
  private final Optional<FaceDetector> cascades;

  private Looks(List<Likeness> looks, Optional<FaceDetector> cascades) {
    this.looks = looks;
    this.cascades = cascades;
  }

  /**
   * Those of whoever is there to look.
   *
   * @param judging the judge, who has looked already
   * @param holding what held the faces
   * @param detector what they find the face by
   */
  static Looks of(Optional<Likeness> judging, Optional<Likeness> holding, FaceDetector detector) {
    boolean again = (judging.isPresent() || holding.isPresent()) && !(detector instanceof CascadeDetector);
    return of(judging, holding, again ? Optional.of(new CascadeDetector()) : Optional.empty());
  }

  /** With {@code second} for the second looks, which is closed with them. */
  static Looks of(Optional<Likeness> judging, Optional<Likeness> holding, Optional<FaceDetector> second) {
    Stream<Likeness> again = second.stream()
        .flatMap(by -> Stream.concat(judging.stream(), holding.stream()).map(eye -> eye.by(by)));
    return new Looks(Stream.concat(holding.stream(), again).toList(), second);
  }

  /** The mean cosine to the person's photos in each look, NaN where no face was found. */
  List<Double> at(Picture picture) {
    return looks.stream().map(look -> look.score(picture)).map(Looks::cosine).toList();
  }

  private static double cosine(LikenessScore score) {
    return score.faceFound() ? score.cosine() : Double.NaN;
  }

  @Override
  public void close() {
    cascades.ifPresent(FaceDetector::close);
  }
}
