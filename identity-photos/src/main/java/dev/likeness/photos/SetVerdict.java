package dev.likeness.photos;

import dev.likeness.photos.internal.quality.PhotoFeatures;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.stream.DoubleStream;

/**
 * The result of the review for the whole set.
 *
 * @param photos number of reviewed photos
 * @param accepted number of accepted photos
 * @param readiness how suitable the set is for training, 0 to 1. The number of accepted photos
 *     contributes up to 0.6, their variety up to 0.2, and the share of accepted photos without a
 *     warning up to 0.2. If no photo is accepted, or if {@link PhotoReview#isPersonUnclear()}, the
 *     readiness is 0
 * @param coverage the variety of the accepted photos
 * @param advice sentences for the person who takes the photos: how to improve the set; empty if
 *     there is nothing to improve
 * @param toolAdvice sentences for the person who runs the review: which additional tools would find
 *     more problems; empty if no tool is missing
 */
public record SetVerdict(
    int photos,
    int accepted,
    double readiness,
    SetCoverage coverage,
    List<String> advice,
    List<String> toolAdvice) {
  /**
   * The smallest useful number of photos. With fewer accepted photos, a trained person resembles
   * the photos less.
   */
  public static final int MIN_PHOTOS = 3;
  /** The recommended number of photos. Each further photo improves the result less. */
  public static final int RECOMMENDED_PHOTOS = 8;
  /** The largest useful number of photos. Further photos hardly improve the result. */
  public static final int MAX_PHOTOS = 20;

  /**
   * Copies the lists of advice.
   *
   * @param photos number of reviewed photos
   * @param accepted number of accepted photos
   * @param readiness how suitable the set is for training, 0 to 1
   * @param coverage the variety of the accepted photos
   * @param advice sentences that say how to improve the set
   * @param toolAdvice sentences that say which additional tools would find more problems
   */
  public SetVerdict {
    advice = List.copyOf(advice);
    toolAdvice = List.copyOf(toolAdvice);
  }

  static SetVerdict of(
      List<PhotoVerdict> photos, List<AcceptedPhoto> accepted, boolean byCascades) {
    SetCoverage coverage = SetCoverage.of(accepted);
    double warned =
        photos.stream().filter(photo -> photo.verdict() == Verdict.WARN).count();
    int n = accepted.size();
    double readiness = n == 0
        ? 0
        : 0.6 * Math.min(1, (double) n / RECOMMENDED_PHOTOS)
            + 0.2 * coverage.variety(n)
            + 0.2 * (1 - warned / n);
    return new SetVerdict(
        photos.size(),
        n,
        readiness,
        coverage,
        SetAdvice.of(coverage, accepted),
        byCascades ? List.of(SetAdvice.DETECTOR) : List.of());
  }

  /** Adds what the comparison of identities says about the set. */
  SetVerdict withIdentity(boolean compared, boolean unclear) {
    if (compared && !unclear || !compared && accepted < 2) {
      return this;
    }
    List<String> more = new ArrayList<>(unclear ? advice : toolAdvice);
    more.add(0, unclear ? SetAdvice.SEVERAL : SetAdvice.EMBEDDER);
    return unclear
        ? new SetVerdict(photos, accepted, 0, coverage, more, toolAdvice)
        : new SetVerdict(photos, accepted, readiness, coverage, advice, more);
  }

  /**
   * The variety of the accepted photos. Each record component whose name begins with {@code same}
   * is the size of the largest group of similar photos. If this group contains all photos, there is
   * no variety in that respect.
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
      List<PhotoFeatures> features =
          photos.stream().map(AcceptedPhoto::features).toList();
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
     * The mean share, 0 to 1, of the {@code photos} that are outside the largest group of each
     * kind.
     */
    double variety(int photos) {
      double alike =
          (sameExpression + sameLight + sameBackground + sameDistance + sameClothes) / 5.0;
      return photos < 2 ? 0 : 1 - (alike - 1) / (photos - 1);
    }
  }

  /** Writes sentences that say how to improve a set. */
  static final class SetAdvice {
    private static final double SAME_SHARE = 0.6;
    private static final double SMALL_FACE_SHARE = 0.2;
    private static final String SEVERAL =
        "the photos seem to show several people; choose the wanted person";
    private static final String EMBEDDER =
        "the faces in the photos were not compared; give a face embedder to find photos that "
            + "show other people";
    private static final String DETECTOR =
        "the built-in face detector misses small and turned faces and second persons; a YuNet file"
            + " (--detector FILE, in Java ReviewTools.withDetector) finds more";
    private static final String[] NUMBER_WORDS = {
      "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
      "twelve"
    };

    private final int count;
    private final List<String> advice = new ArrayList<>();

    private SetAdvice(int count) {
      this.count = count;
    }

    static List<String> of(SetVerdict.SetCoverage coverage, List<AcceptedPhoto> accepted) {
      SetAdvice set = new SetAdvice(accepted.size());
      set.addCountAdvice();
      // Only detectors with landmarks measure yaw, so other detectors cannot tell that an angle is
      // missing.
      if (set.count >= SetVerdict.MIN_PHOTOS
          && accepted.stream().anyMatch(photo -> photo.face().landmarks().isPresent())) {
        set.addAngleAdvice(coverage.angles());
      }
      if (set.count > SetVerdict.MIN_PHOTOS) {
        set.addVarietyAdvice(coverage);
        set.addCloseUpAdvice(accepted);
      }
      return set.advice;
    }

    private void addCountAdvice() {
      if (count == 0) {
        advice.add(String.format(
            Locale.ROOT,
            "no photo can be used; add at least %s other photos",
            numberWord(SetVerdict.MIN_PHOTOS)));
      } else if (count < SetVerdict.MIN_PHOTOS) {
        advice.add(String.format(
            Locale.ROOT,
            "only %s usable photo%s; add more until there are at least %s",
            numberWord(count),
            count == 1 ? "" : "s",
            numberWord(SetVerdict.MIN_PHOTOS)));
      } else if (count < SetVerdict.RECOMMENDED_PHOTOS) {
        advice.add(String.format(
            Locale.ROOT,
            "%s usable photos are enough to begin; %s or more are better",
            numberWord(count),
            numberWord(SetVerdict.RECOMMENDED_PHOTOS)));
      } else if (count > SetVerdict.MAX_PHOTOS) {
        advice.add(String.format(
            Locale.ROOT,
            "%s photos are more than needed; the best %s are enough",
            numberWord(count),
            numberWord(SetVerdict.MAX_PHOTOS)));
      }
    }

    private void addAngleAdvice(SetVerdict.SetCoverage.Angles angles) {
      if (angles.left() == 0) {
        advice.add("no photo from the left; add one with the head half turned to the image's left");
      }
      if (angles.right() == 0) {
        advice.add(
            "no photo from the right; add one with the head half turned to the image's right");
      }
      if (angles.ahead() == 0) {
        advice.add("no photo from the front; add one that looks straight ahead");
      }
    }

    private void addVarietyAdvice(SetVerdict.SetCoverage coverage) {
      addIfSame(
          coverage.sameBackground(),
          "have a similar background colour; add photos taken elsewhere");
      addIfSame(coverage.sameClothes(), "show the same clothes; add photos in other clothes");
      addIfSame(
          coverage.sameLight(), "have the same light; add photos from outdoors or another room");
      addIfSame(
          coverage.sameExpression(),
          "have the same expression; add photos with another expression");
      addIfSame(
          coverage.sameDistance(),
          "were taken from the same distance; add a close-up or one from further away");
    }

    private void addIfSame(int alike, String sentence) {
      if (alike > SAME_SHARE * count) {
        advice.add(String.format(
            Locale.ROOT, "%s of %s %s", numberWord(alike), numberWord(count), sentence));
      }
    }

    private void addCloseUpAdvice(List<AcceptedPhoto> accepted) {
      if (accepted.stream().allMatch(photo -> photo.features().faceShare() < SMALL_FACE_SHARE)) {
        advice.add("the face is small in every photo; add a close-up");
      }
    }

    private static String numberWord(int number) {
      return number < NUMBER_WORDS.length ? NUMBER_WORDS[number] : Integer.toString(number);
    }
  }

  /**
   * Chooses the photos that are most useful for training: sharp photos that differ from each other
   * (farthest-first traversal).
   */
  static final class Subset {
    // A sharp face (blur 0) outweighs this much distance, compared with a blurred face (blur 1).
    private static final double SHARPNESS_WEIGHT = 0.5;

    private Subset() {}

    static List<AcceptedPhoto> of(List<AcceptedPhoto> photos, int count) {
      if (count < 1) {
        throw new IllegalArgumentException("a subset needs at least 1 photo, got " + count);
      }
      List<AcceptedPhoto> left = new ArrayList<>(photos);
      List<AcceptedPhoto> chosen = new ArrayList<>();
      while (chosen.size() < count && !left.isEmpty()) {
        int best = 0;
        for (int i = 1; i < left.size(); i++) {
          best = score(left.get(i), chosen) > score(left.get(best), chosen) ? i : best;
        }
        chosen.add(left.remove(best));
      }
      return List.copyOf(chosen);
    }

    private static double score(AcceptedPhoto photo, List<AcceptedPhoto> chosen) {
      double difference =
          chosen.stream().mapToDouble(other -> photo.distance(other)).min().orElse(0);
      return difference - SHARPNESS_WEIGHT * photo.features().blur();
    }
  }
}
