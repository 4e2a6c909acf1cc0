package dev.likeness.photos.likeness;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How much a set of images looks like the person, and what that means.
 *
 * @param images one score an image, in order
 * @param mean of the cosines of the images with a face; NaN when there is none
 * @param interval that the mean lies in with 95 % confidence
 * @param ownMean mean cosine of two of the person's own photos; NaN with fewer than two
 * @param independent whether no photo and no encoder that is compared with took part in making or
 *     choosing the images
 * @param roc how well the embedder tells this person from others; empty without impostors
 * @param meaning a sentence for people
 */
public record LikenessReport(
    List<LikenessScore> images,
    double mean,
    ConfidenceInterval interval,
    double ownMean,
    boolean independent,
    Optional<RocCurve> roc,
    String meaning) {
  public LikenessReport {
    images = List.copyOf(images);
  }

  /**
   * The places of the images in {@link #images()}, the most alike first, those without a face last.
   */
  public List<Integer> ranking() {
    Comparator<Integer> alike = Comparator.comparingDouble(
        i -> images.get(i).faceFound() ? -images.get(i).cosine() : 2);
    return IntStream.range(0, images.size()).boxed().sorted(alike).toList();
  }
}
