package dev.likeness.headshots.shoot;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;

/**
 * The headshots of a shoot. Immutable.
 *
 * @param request the request
 * @param headshots the headshots, style by style, in the order of the request
 */
public record Shoot(ShootRequest request, List<Headshot> headshots) {
  /** Copies the list. */
  public Shoot {
    headshots = List.copyOf(headshots);
  }

  /**
   * The same shoot with each headshot cropped to the format of its style. If a crop needs a face
   * and no face was found, the headshot is not cropped.
   *
   * @param detector finds faces; the caller closes it
   * @return the new shoot
   */
  public Shoot crop(FaceDetector detector) {
    return new Shoot(
        request, headshots.stream().map(each -> each.crop(detector)).toList());
  }

  /**
   * {@return the best headshots, the best first} An image without a face, or nearly the same as a
   * better one, is not among them. The images are scored with the label and watermark of
   * {@link GeneratedImage.Marking#load()}, as {@link Headshot#write} writes them. This method uses
   * OpenCV's built-in face detector and the scores of {@link HeadshotScores#of}, which need no
   * photo of the person. {@link dev.likeness.headshots.Selection} also compares the headshots with
   * the person, and repairs faces.
   *
   * @param count the largest number of headshots, at least 1
   * @throws IllegalArgumentException if {@code count} is less than 1
   */
  public List<Headshot> best(int count) {
    try (FaceDetector detector = new CascadeDetector()) {
      return best(count, HeadshotScores.of(detector));
    }
  }

  /**
   * {@return the best headshots by the given scores, the best first} An image without a face, or
   * nearly the same as a better one, is not among them. The images are scored with the label and
   * watermark of {@link GeneratedImage.Marking#load()}, as {@link Headshot#write} writes them.
   *
   * @param count the largest number of headshots, at least 1
   * @param scores how the headshots are scored, for example also by the likeness to the person
   * @throws IllegalArgumentException if {@code count} is less than 1
   */
  public List<Headshot> best(int count, HeadshotScores scores) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "the number of best headshots must be at least 1, got " + count);
    }
    GeneratedImage.Marking marking = GeneratedImage.Marking.load();
    List<SelectionResult.Candidate> candidates = headshots.stream()
        .map(headshot -> new SelectionResult.Candidate(
            headshot, scores.score(headshot.marked(marking)), Double.NaN, false, Double.NaN))
        .toList();
    return SelectionResult.of(candidates, count).selected();
  }
}
