package dev.likeness.photos.likeness;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The likeness of a set of images to a person, with a sentence that explains the likeness.
 *
 * @param images one score per image, in the order of the images
 * @param mean mean cosine of the images with a face, -1 to 1; NaN if no image has a face
 * @param confidenceInterval 95 % confidence interval of the mean
 * @param genuineMean mean cosine between the person's own photos; NaN with fewer than two photos
 * @param isIndependent false if photos or the embedder of this measurement may also have been used
 *     to generate or choose the images
 * @param roc the ROC curve of the embedder for this person; empty without photos of other people,
 *     or with only one photo of the person
 * @param meaning one sentence that explains the mean to users
 */
public record LikenessReport(
    List<LikenessScore> images,
    double mean,
    ConfidenceInterval confidenceInterval,
    double genuineMean,
    boolean isIndependent,
    Optional<RocCurve> roc,
    String meaning) {
  /** Copies the scores. */
  public LikenessReport {
    images = List.copyOf(images);
  }

  /**
   * Returns the indices of {@link #images()}, sorted by likeness. The most similar image comes
   * first; images without a face come last.
   *
   * @return the indices, from 0
   */
  public List<Integer> ranking() {
    Comparator<Integer> alike =
        Comparator.comparingDouble(i -> images.get(i).hasFace() ? -images.get(i).cosine() : 2);
    return IntStream.range(0, images.size()).boxed().sorted(alike).toList();
  }
}
