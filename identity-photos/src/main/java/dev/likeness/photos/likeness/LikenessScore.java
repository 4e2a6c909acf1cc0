package dev.likeness.photos.likeness;

/**
 * The likeness of one image to a person.
 *
 * @param hasFace true if a face was found; otherwise all numbers are NaN
 * @param cosine mean cosine with the person's photos, -1 to 1
 * @param percentile share of the pairs of the person's own photos that are less similar than
 *     {@code cosine}, 0 to 1; NaN with fewer than two photos
 * @param falseMatchRate share of other people's photos that are at least as similar to the person,
 *     0 to 1; NaN without photos of other people
 * @param confidenceInterval 95 % confidence interval of the cosine; it depends on the variation
 *     between the photos. With one photo, both ends are the cosine
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
