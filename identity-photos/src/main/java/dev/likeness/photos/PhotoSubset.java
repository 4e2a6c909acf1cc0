package dev.likeness.photos;

import java.util.ArrayList;
import java.util.List;

/**
 * Chooses the photos that are most useful for training: sharp photos that differ from each other
 * (farthest-first traversal).
 */
final class PhotoSubset {
  // A sharp face (blur 0) outweighs this much distance, compared with a blurred face (blur 1).
  private static final double SHARPNESS_WEIGHT = 0.5;

  private PhotoSubset() {}

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
