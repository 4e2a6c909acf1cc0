package dev.likeness.portrait.evaluation;

import dev.likeness.portrait.training.Named;
import java.util.Set;

/**
 * How much is drawn of each person.
 *
 * @param candidates headshots, in five styles, a multiple of five
 * @param kept of these
 * @param alone images that ask for nothing, with and without the person whose selfies show one
 *     setting
 * @param trainSteps of learning somebody, 0 for the studio's own
 * @param steps sampling steps
 */
record HeadshotPlan(int candidates, int kept, int alone, int trainSteps, int steps) {
  /**
   * What may be given: the plan's numbers, the first of the people, what finds faces while they are
   * drawn, and what is measured.
   */
  static final Set<String> NAMES =
      Set.of("first", "drawn", "kept", "alone", "trainSteps", "steps", "leads", "parts");

  HeadshotPlan {
    if (candidates < 5
        || candidates % 5 != 0
        || kept < 2
        || kept > candidates
        || alone < 1
        || steps < 1) {
      throw new IllegalArgumentException(
          "drawn is a multiple of 5, kept 2 to drawn, alone and steps at least 1; given "
              + candidates + ", " + kept + ", " + alone + ", " + steps);
    }
  }

  static HeadshotPlan of(Named named) {
    return new HeadshotPlan(
        named.number("drawn", 40),
        named.number("kept", 10),
        named.number("alone", 20),
        named.number("trainSteps", 0),
        named.number("steps", 20));
  }
}
