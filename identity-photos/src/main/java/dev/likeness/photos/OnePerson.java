package dev.likeness.photos;

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
 * Finds the one person that a set is about: the largest group in which every photo is linked to
 * another by a cosine above the embedder's threshold. Whoever is outside it is somebody else.
 */
final class OnePerson {
  private OnePerson() {}

  /**
   * The reasons by photo, for those that show somebody else; empty when no two photos show the same
   * person.
   */
  static Map<AcceptedPhoto, Reason> among(List<AcceptedPhoto> photos, Embeddings embeddings) {
    List<AcceptedPhoto> group = largest(photos, embeddings);
    Map<AcceptedPhoto, Reason> strangers = new IdentityHashMap<>();
    if (group.size() > 1) {
      photos.stream()
          .filter(photo -> group.stream().noneMatch(member -> member == photo))
          .forEach(photo -> strangers.put(photo, reason(photo, group, embeddings)));
    }
    return strangers;
  }

  private static Reason reason(
      AcceptedPhoto photo, List<AcceptedPhoto> group, Embeddings embeddings) {
    double closest = group.stream()
        .mapToDouble(member -> embeddings.cosine(photo, member))
        .max()
        .orElseThrow();
    return new Reason(
        ReasonCode.WRONG_PERSON,
        Verdict.REJECT,
        closest,
        embeddings.samePerson(),
        "it shows somebody else than most of the photos");
  }

  private static List<AcceptedPhoto> largest(List<AcceptedPhoto> photos, Embeddings embeddings) {
    List<AcceptedPhoto> best = List.of();
    List<AcceptedPhoto> left = new ArrayList<>(photos);
    while (!left.isEmpty()) {
      List<AcceptedPhoto> group = linked(left, embeddings);
      best = group.size() > best.size() ? group : best;
    }
    return best;
  }

  // Takes the first photo and everything that is linked to it, however far round, out of those
  // left.
  private static List<AcceptedPhoto> linked(List<AcceptedPhoto> left, Embeddings embeddings) {
    List<AcceptedPhoto> group = new ArrayList<>();
    Deque<AcceptedPhoto> open = new ArrayDeque<>(List.of(left.remove(0)));
    while (!open.isEmpty()) {
      AcceptedPhoto photo = open.poll();
      group.add(photo);
      left.removeIf(other -> {
        boolean same = embeddings.cosine(photo, other) >= embeddings.samePerson();
        return same && open.add(other);
      });
    }
    return group;
  }
}
