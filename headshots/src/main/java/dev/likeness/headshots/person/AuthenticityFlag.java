package dev.likeness.headshots.person;

import java.util.Locale;

/** In what a headshot departs from the person's own photos. */
public enum AuthenticityFlag {
  /** Less like the person than their own photos are like each other. */
  LESS_ALIKE,
  /** Its skin has less fine detail than in any of the photos, as younger skin has. */
  YOUNGER,
  /** Its face is narrower than in any of the photos. */
  SLIMMER,
  /** Its skin is lighter than in any of the photos. */
  LIGHTER_SKIN,
  /** No face was found to compare. */
  NO_FACE;

  /** Its name in records. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
