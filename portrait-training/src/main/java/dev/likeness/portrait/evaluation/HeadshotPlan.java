package dev.likeness.portrait.evaluation;

import java.util.Map;
import java.util.Set;

/**
 * How much is drawn of each person.
 *
 * @param drawn headshots, in five styles, a multiple of five
 * @param kept of these
 * @param alone pictures that ask for nothing, with and without the person whose selfies show one setting
 * @param trainSteps of learning somebody, 0 for the studio's own
 * @param steps sampling steps
 */
record HeadshotPlan(int drawn, int kept, int alone, int trainSteps, int steps) {
  HeadshotPlan {
    if (drawn < 5 || drawn % 5 != 0 || kept < 2 || kept > drawn || alone < 1 || steps < 1) {
      throw new IllegalArgumentException("drawn is a multiple of 5, kept 2 to drawn, alone and steps at least 1; given "
          + drawn + ", " + kept + ", " + alone + ", " + steps);
    }
  }

  static HeadshotPlan of(Map<String, String> named) {
    Set<String> known = Set.of("drawn", "kept", "alone", "trainSteps", "steps", "detector", "embedder", "attributes");
    named.keySet().stream().filter(name -> !known.contains(name)).findFirst().ifPresent(name -> {
      throw new IllegalArgumentException("unknown name " + name + "; known: " + known.stream().sorted().toList());
    });
    return new HeadshotPlan(number(named, "drawn", 40), number(named, "kept", 10), number(named, "alone", 20),
        number(named, "trainSteps", 0), number(named, "steps", 20));
  }

  private static int number(Map<String, String> named, String name, int otherwise) {
    return Integer.parseInt(named.getOrDefault(name, String.valueOf(otherwise)));
  }
}
