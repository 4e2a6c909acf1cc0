package dev.likeness.studio.internal.work;

import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What can show a person in headshots. The first choice is what the page Train made last. */
final class Identities {
  private static final String FILE = "studio-identity.json";
  private static final String METHOD = "method";

  private Identities() {}

  /** Records the method of a training that ended. */
  static void made(Subject subject, String method) {
    JobFile.write(subject, DataCategory.PERSON, FILE, Map.of(METHOD, method));
  }

  /** Returns the identities of a subject, the usual one first. */
  static List<ShownBy> of(Workshop workshop, Subject subject) {
    List<ShownBy> all = workshop.identities(subject);
    boolean isEncodedLast = JobFile.read(subject, DataCategory.PERSON, FILE)
        .filter(saved -> "adapter".equals(saved.get(METHOD)))
        .isPresent();
    return isEncodedLast && all.contains(ShownBy.IPADAPTER)
        ? Stream.concat(
                Stream.of(ShownBy.IPADAPTER), all.stream().filter(one -> one != ShownBy.IPADAPTER))
            .toList()
        : all;
  }

  /**
   * Returns an identity of a subject by its word; the usual one for an empty word.
   *
   * @throws IllegalStateException if nothing can show the subject
   * @throws IllegalArgumentException if the word is none of those
   */
  static ShownBy require(Workshop workshop, Subject subject, String word) {
    List<ShownBy> all = of(workshop, subject);
    if (all.isEmpty()) {
      throw new IllegalStateException("this person has not been trained; train first");
    }
    return word.isEmpty()
        ? all.get(0)
        : all.stream()
            .filter(one -> one.word().equals(word))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException("unknown identity; known for this" + " person: "
                    + String.join(", ", all.stream().map(ShownBy::word).toList())));
  }

  /** Returns the identity that made something, or the usual one if that is gone. */
  static ShownBy kept(Workshop workshop, Subject subject, Map<String, Object> plan) {
    return ShownBy.of(plan.get("identity"))
        .filter(workshop.identities(subject)::contains)
        .orElseGet(() -> require(workshop, subject, ""));
  }

  /** Returns the identity that made an image. */
  static ShownBy ofImage(Workshop workshop, Subject subject, int number) {
    return kept(workshop, subject, Shoots.plansByImage(subject).getOrDefault(number, Map.of()));
  }

  /** Describes the identities of a subject for the page. */
  static List<Map<String, Object>> describe(Workshop workshop, Subject subject) {
    return of(workshop, subject).stream()
        .map(one -> {
          Map<String, Object> described = new LinkedHashMap<>();
          described.put("identity", one.word());
          if (one.hasAdapter()) {
            workshop.encoded(subject).ifPresent(offer -> {
              described.put("adapter", offer.id());
              offer.kind().ifPresent(kind -> described.put("title", kind.title()));
              described.put("memory_bytes", workshop.adapters().memory(offer));
              if (offer.hasPose()) {
                described.put("poses", FaceKeypoints.poses());
              }
            });
          }
          return described;
        })
        .toList();
  }
}
