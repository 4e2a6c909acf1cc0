package dev.likeness.photos;

import dev.likeness.photos.internal.quality.PhotoFeatures;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.DoubleStream;

/**
 * The variety of the accepted photos. Each record component whose name begins with {@code same} is
 * the size of the largest group of similar photos. If this group contains all photos, there is no
 * variety in that respect.
 *
 * @param angles number of photos for each direction of the head
 * @param sameExpression largest number of photos with a similar mouth
 * @param sameLight largest number of photos with similar brightness of the face and similar
 *     direction of the light
 * @param sameBackground largest number of photos with a similar background colour
 * @param sameDistance largest number of photos in which the face takes up a similar share of the
 *     image height
 * @param sameClothes largest number of photos with a similar colour of the clothes
 */
public record SetCoverage(
    Angles angles,
    int sameExpression,
    int sameLight,
    int sameBackground,
    int sameDistance,
    int sameClothes) {
  private static final double SIDE_YAW = 15;
  private static final double SAME_MOUTH = 0.7;
  private static final double SAME_LIGHTNESS = 15;
  private static final double SAME_LIGHT_DIFFERENCE = 0.3;
  private static final double SAME_TINT = 45;
  private static final double SAME_SHARE = 1.35;

  /**
   * The numbers of photos for three directions of the head. A yaw of at most 15 degrees to either
   * side counts as ahead.
   *
   * @param left number of photos with the head turned to the left of the image
   * @param ahead number of photos with the head straight ahead
   * @param right number of photos with the head turned to the right of the image
   */
  public record Angles(int left, int ahead, int right) {
    static Angles of(List<AcceptedPhoto> photos) {
      double[] yaws =
          photos.stream().mapToDouble(photo -> photo.face().pose().yaw()).toArray();
      int left = (int) DoubleStream.of(yaws).filter(yaw -> yaw < -SIDE_YAW).count();
      int right = (int) DoubleStream.of(yaws).filter(yaw -> yaw > SIDE_YAW).count();
      return new Angles(left, yaws.length - left - right, right);
    }
  }

  static SetCoverage of(List<AcceptedPhoto> photos) {
    List<PhotoFeatures> features = photos.stream().map(AcceptedPhoto::features).toList();
    return new SetCoverage(
        Angles.of(photos),
        largestGroup(features, (a, b) -> a.expression().similarity(b.expression()) > SAME_MOUTH),
        largestGroup(
            features,
            (a, b) -> Math.abs(a.highlight() - b.highlight()) < SAME_LIGHTNESS
                && Math.abs(a.lightDifference() - b.lightDifference()) < SAME_LIGHT_DIFFERENCE),
        largestGroup(features, (a, b) -> a.background().distance(b.background()) < SAME_TINT),
        largestGroup(
            features,
            (a, b) -> Math.abs(Math.log(a.faceShare() / b.faceShare())) < Math.log(SAME_SHARE)),
        largestGroup(features, (a, b) -> a.clothes().distance(b.clothes()) < SAME_TINT));
  }

  // Returns the size of the largest group of photos that are alike to one photo.
  private static int largestGroup(
      List<PhotoFeatures> features, BiPredicate<PhotoFeatures, PhotoFeatures> alike) {
    return features.stream()
        .mapToInt(one ->
            (int) features.stream().filter(other -> alike.test(one, other)).count())
        .max()
        .orElse(0);
  }

  /**
   * The mean share, 0 to 1, of the {@code photos} that are outside the largest group of each kind.
   */
  double variety(int photos) {
    double alike = (sameExpression + sameLight + sameBackground + sameDistance + sameClothes) / 5.0;
    return photos < 2 ? 0 : 1 - (alike - 1) / (photos - 1);
  }
}
