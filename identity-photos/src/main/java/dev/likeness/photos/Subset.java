package dev.likeness.photos;

import java.util.ArrayList;
import java.util.List;

/**
 * Chooses the photos that are worth most for training, in that order: crisp ones that differ
 * (farthest first).
 */
final class Subset {
  // A photo as crisp as can be is worth this much difference more than a blurred one.
  private static final double CRISPNESS = 0.5;

  private Subset() {}

  static List<AcceptedPhoto> of(List<AcceptedPhoto> photos, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("a subset has at least one photo, given " + count);
    }
    List<AcceptedPhoto> left = new ArrayList<>(photos);
    List<AcceptedPhoto> chosen = new ArrayList<>();
    while (chosen.size() < count && !left.isEmpty()) {
      int best = 0;
      for (int i = 1; i < left.size(); i++) {
        best = worth(left.get(i), chosen) > worth(left.get(best), chosen) ? i : best;
      }
      chosen.add(left.remove(best));
    }
    return List.copyOf(chosen);
  }

  private static double worth(AcceptedPhoto photo, List<AcceptedPhoto> chosen) {
    double difference = chosen.stream()
        .mapToDouble(other -> photo.features().distance(other.features()))
        .min()
        .orElse(0);
    return difference - CRISPNESS * photo.features().blur();
  }
}
