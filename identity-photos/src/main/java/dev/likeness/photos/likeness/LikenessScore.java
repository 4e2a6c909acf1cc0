package dev.likeness.photos.likeness;

import dev.likeness.diffusion.image.RgbImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The likeness of one image to a person.
 *
 * @param hasFace true if a face was found; otherwise all numbers are NaN
 * @param cosine mean cosine with the person's photos, -1 to 1
 * @param percentile share of the genuine pairs (two photos of the person) whose cosine is below
 *     {@code cosine}, 0 to 1; NaN with fewer than two photos
 * @param falseMatchRate share of the impostor pairs (a photo of the person, a photo of another
 *     person) whose cosine is at least {@code cosine}, 0 to 1; NaN without photos of other people
 * @param confidenceInterval 95 % confidence interval of {@code cosine}; it depends on the variation
 *     between the photos. With one photo, both ends equal {@code cosine}
 */
public record LikenessScore(
    boolean hasFace,
    double cosine,
    double percentile,
    double falseMatchRate,
    ConfidenceInterval confidenceInterval) {
  static final LikenessScore NO_FACE = new LikenessScore(
      false, Double.NaN, Double.NaN, Double.NaN, new ConfidenceInterval(Double.NaN, Double.NaN));

  /** The largest number of persons that {@link #ofPeople} accepts. */
  public static final int MAX_PEOPLE = 12;

  /**
   * Measures several persons in one image. If there are enough faces, each person is compared with
   * a different face. The method chooses the assignment with the highest sum of cosines.
   *
   * @param people the likeness to each person, 1 to {@value #MAX_PEOPLE}, all with the same
   *     embedder object; the detector of the first likeness finds the faces
   * @param image an upright image of any size
   * @return one score for each person, in the order of {@code people}. If no face is left for a
   *     person, {@link #hasFace()} is false
   * @throws IllegalArgumentException if {@code people} is empty or contains more than
   *     {@value #MAX_PEOPLE} likenesses, or if their embedders differ
   */
  public static List<LikenessScore> ofPeople(List<Likeness> people, RgbImage image) {
    if (people.isEmpty() || people.size() > MAX_PEOPLE) {
      throw new IllegalArgumentException("the likeness in an image can be measured for 1 to "
          + MAX_PEOPLE + " people, got " + people.size());
    }
    Likeness first = people.get(0);
    if (people.stream().anyMatch(person -> person.embedder != first.embedder)) {
      throw new IllegalArgumentException(
          "all likenesses must use the same embedder object, got different ones; give the same"
              + " embedder to all of them");
    }
    List<float[]> faces = first.detector.detect(image).stream()
        .map(face -> first.embedder.embed(image, face))
        .toList();
    List<List<LikenessScore>> scores = people.stream()
        .map(person -> faces.stream().map(person::score).toList())
        .toList();
    return assign(scores, faces.size());
  }

  /**
   * Assigns faces to persons.
   *
   * @param scores for each person the score of each face
   */
  private static List<LikenessScore> assign(List<List<LikenessScore>> scores, int faces) {
    int sets = 1 << scores.size();
    // The highest sum of cosines with which the first faces are given to a set of persons.
    double[] sums = new double[sets];
    Arrays.fill(sums, 1, sets, Double.NEGATIVE_INFINITY);
    int[][] given = new int[faces][sets];
    for (int face = 0; face < faces; face++) {
      double[] next = sums.clone();
      Arrays.fill(given[face], -1);
      for (int set = 0; set < sets; set++) {
        for (int person = 0; person < scores.size(); person++) {
          int without = set & ~(1 << person);
          double sum = sums[without] + scores.get(person).get(face).cosine();
          if (without != set && sum > next[set]) {
            next[set] = sum;
            given[face][set] = person;
          }
        }
      }
      sums = next;
    }
    int best = 0;
    for (int set = 0; set < sets; set++) {
      boolean isFull = Integer.bitCount(set) == Math.min(faces, scores.size());
      boolean isBetter = Integer.bitCount(best) < Integer.bitCount(set) || sums[set] > sums[best];
      best = isFull && isBetter ? set : best;
    }
    List<LikenessScore> assigned = new ArrayList<>(Collections.nCopies(scores.size(), NO_FACE));
    for (int face = faces - 1; face >= 0; face--) {
      int person = given[face][best];
      if (person >= 0) {
        assigned.set(person, scores.get(person).get(face));
        best &= ~(1 << person);
      }
    }
    return assigned;
  }
}
