package dev.likeness.photos.likeness;

/**
 * The likeness of one image to a person.
 *
 * @param hasFace true if a face was found; otherwise all numbers are NaN
 * @param cosine mean cosine with the person's photos, -1 to 1
 * @param percentile share of the pairs of own photos that are less similar, 0 to 1; NaN with fewer
 *     than two photos
 * @param falseMatchRate share of other people's faces that are at least as similar, 0 to 1; NaN
 *     without impostors
 * @param confidenceInterval 95 % confidence interval of the cosine over the choice of photos; with
 *     one photo, the cosine itself
 */
public record LikenessScore(
    boolean hasFace,
    double cosine,
    double percentile,
    double falseMatchRate,
    ConfidenceInterval confidenceInterval) {
  static final LikenessScore NO_FACE = new LikenessScore(
      false, Double.NaN, Double.NaN, Double.NaN, new ConfidenceInterval(Double.NaN, Double.NaN));
}
