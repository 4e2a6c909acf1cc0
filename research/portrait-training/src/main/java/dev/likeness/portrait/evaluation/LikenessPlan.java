package dev.likeness.portrait.evaluation;

import dev.likeness.portrait.training.Named;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How much an evaluation of likeness does for each person.
 *
 * @param trainSteps optimiser steps, 0 for the recipe's own
 * @param each images in each of the five styles, at least 1
 * @param steps sampling steps
 * @param gallery among how many people the person is recognised
 * @param guided whether the faces of people learnt as LoRAs are held to theirs
 */
record LikenessPlan(int trainSteps, int each, int steps, int gallery, boolean guided) {
  static final Set<String> NAMES =
      Set.of("first", "trainSteps", "each", "steps", "gallery", "cases", "guided", "leads");

  LikenessPlan {
    if (trainSteps < 0 || each < 1 || steps < 1 || gallery < 2) {
      throw new IllegalArgumentException(
          "trainSteps is at least 0, each and steps at least 1, gallery at least 2; given "
              + trainSteps + ", " + each + ", " + steps + ", " + gallery);
    }
  }

  static LikenessPlan of(Named named) {
    return new LikenessPlan(
        named.number("trainSteps", 0),
        named.number("each", 2),
        named.number("steps", 20),
        named.number("gallery", 200),
        named.number("guided", 1) == 1);
  }

  /**
   * The cases that {@code cases=REGEX} chooses by name; the control, which others are compared
   * with, is always one.
   */
  static List<LikenessCase> cases(Named named) {
    Pattern chosen = Pattern.compile(named.text("cases", ".*"));
    return LikenessCase.ALL.stream()
        .filter(c -> c == LikenessCase.CONTROL || chosen.matcher(c.name()).matches())
        .toList();
  }
}
