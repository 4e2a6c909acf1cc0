package dev.likeness.photos.likeness;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The likeness of a set of images to a person, with its meaning.
 *
 * @param images one score per image, in order
 * @param mean mean cosine of the images with a face, -1 to 1; NaN if there is none
 * @param confidenceInterval 95 % confidence interval of the mean
 * @param genuineMean mean cosine between the person's own photos; NaN with fewer than two
 * @param isIndependent true if none of the photos and networks of this measurement was used to
 *     generate or choose the images
 * @param roc how well the embedder separates this person from others; empty without impostors
 * @param meaning a sentence for users
 */
public record LikenessReport(
    List<LikenessScore> images,
    double mean,
    ConfidenceInterval confidenceInterval,
    double genuineMean,
    boolean isIndependent,
    Optional<RocCurve> roc,
    String meaning) {
  /**
   * Copies the scores.
   *
   * @param images the component {@code images}
   * @param mean the component {@code mean}
   * @param confidenceInterval the component {@code confidenceInterval}
   * @param genuineMean the component {@code genuineMean}
   * @param isIndependent the component {@code isIndependent}
   * @param roc the component {@code roc}
   * @param meaning the component {@code meaning}
   */
  public LikenessReport {
    images = List.copyOf(images);
  }

  /**
   * Returns the indices of {@link #images()}, sorted by likeness. The most similar image comes
   * first, images without a face come last.
   *
   * @return each index once
   */
  public List<Integer> ranking() {
    Comparator<Integer> alike =
        Comparator.comparingDouble(i -> images.get(i).hasFace() ? -images.get(i).cosine() : 2);
    return IntStream.range(0, images.size()).boxed().sorted(alike).toList();
  }
}
