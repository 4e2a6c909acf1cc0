package dev.likeness.headshots.person;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@link Authenticity} says of a headshot.
 *
 * @param flags in what it departs from the photos
 * @param unjudged what could not be compared: {@link AuthenticityFlag#LESS_ALIKE} without an
 *     embedder or with a single photo, {@link AuthenticityFlag#SLIMMER} without a detector of
 *     landmarks or for a face turned away, all where no face was found
 */
public record AuthenticityVerdict(Set<AuthenticityFlag> flags, Set<AuthenticityFlag> unjudged) {
  public AuthenticityVerdict {
    flags = Set.copyOf(flags);
    unjudged = Set.copyOf(unjudged);
  }

  /** As it stands in records, of the picture in {@code file}. */
  public Map<String, Object> toMap(String file) {
    return Map.of("file", file, "flags", words(flags), "not_judged", words(unjudged));
  }

  private static List<String> words(Set<AuthenticityFlag> flags) {
    return flags.stream().sorted().map(AuthenticityFlag::word).toList();
  }
}
