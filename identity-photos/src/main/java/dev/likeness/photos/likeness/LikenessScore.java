package dev.likeness.photos.likeness;

/**
 * How much one image looks like the person.
 *
 * @param faceFound whether there was a face to compare; if not, the rest is NaN
 * @param cosine mean cosine with the person's photos, -1 to 1
 * @param standing the share of pairs of the person's own photos that are less alike than this, 0 to
 *     1; NaN with fewer than two photos
 * @param impostors the share of other people's faces that are as alike as this or more, 0 to 1; NaN
 *     without impostors
 * @param interval that the cosine lies in with 95 % confidence, as far as the photos compared with
 *     are chance; of one photo the cosine itself
 */
public record LikenessScore(
    boolean faceFound,
    double cosine,
    double standing,
    double impostors,
    ConfidenceInterval interval) {
  static final LikenessScore NO_FACE = new LikenessScore(
      false, Double.NaN, Double.NaN, Double.NaN, new ConfidenceInterval(Double.NaN, Double.NaN));
}
