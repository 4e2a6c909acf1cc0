package dev.likeness.photos;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the one person that a set is about: the largest group in which every photo is linked to another by a cosine
 * above the embedder's threshold. Whoever is outside it is somebody else.
 */
final class OnePerson {
  private OnePerson() {}

  /** The reasons by photo, for those that show somebody else; empty when no two photos show the same person. */
  static Map<AcceptedPhoto, Reason> among(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    List<float[]> vectors = photos.stream().map(photo -> embedder.embed(photo.picture(), photo.face())).toList();
    List<Integer> group = largest(vectors, embedder.sameAbove());
    Map<AcceptedPhoto, Reason> strangers = new IdentityHashMap<>();
    for (int i = 0; group.size() > 1 && i < photos.size(); i++) {
      if (!group.contains(i)) {
        strangers.put(photos.get(i), reason(closest(vectors, i, group), embedder.sameAbove()));
      }
    }
    return strangers;
  }

  private static Reason reason(double closest, double limit) {
    return new Reason(ReasonCode.WRONG_PERSON, Verdict.REJECT, closest, limit,
        "it shows somebody else than most of the photos");
  }

  private static double closest(List<float[]> vectors, int photo, List<Integer> group) {
    return group.stream().mapToDouble(other -> FaceEmbedder.cosine(vectors.get(photo), vectors.get(other))).max()
        .orElseThrow();
  }

  private static List<Integer> largest(List<float[]> vectors, double threshold) {
    List<Integer> best = List.of();
    boolean[] seen = new boolean[vectors.size()];
    for (int start = 0; start < vectors.size(); start++) {
      if (!seen[start]) {
        List<Integer> group = linked(vectors, threshold, start, seen);
        best = group.size() > best.size() ? group : best;
      }
    }
    return best;
  }

  private static List<Integer> linked(List<float[]> vectors, double threshold, int start, boolean[] seen) {
    List<Integer> group = new ArrayList<>();
    Deque<Integer> open = new ArrayDeque<>(List.of(start));
    seen[start] = true;
    while (!open.isEmpty()) {
      int photo = open.poll();
      group.add(photo);
      for (int other = 0; other < vectors.size(); other++) {
        if (!seen[other] && FaceEmbedder.cosine(vectors.get(photo), vectors.get(other)) >= threshold) {
          seen[other] = true;
          open.add(other);
        }
      }
    }
    return group;
  }
}
