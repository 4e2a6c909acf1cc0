package dev.likeness.photos;

import java.util.List;

/**
 * What the review says of the photos together.
 *
 * @param photos how many were looked at
 * @param accepted how many may be used
 * @param readiness 0 to 1: how well a person can be learnt from them; number counts most, then variety and quality
 * @param angles how many accepted photos look left, ahead and right
 * @param sameBackground the largest number of accepted photos that share a background
 * @param sameClothes the largest number of accepted photos that share clothes
 * @param advice what would make the set better, in sentences for people; empty when nothing is missing
 */
public record SetVerdict(int photos, int accepted, double readiness, Angles angles, int sameBackground, int sameClothes,
    List<String> advice) {
  /** Below this many accepted photos a person is not learnt well. */
  public static final int FEWEST = 3;
  /** More photos than this add little. */
  public static final int MOST = 20;

  /** How many heads are turned to the picture's left, less than 15 degrees to either side, and to its right. */
  public record Angles(int left, int ahead, int right) {}

  public SetVerdict {
    advice = List.copyOf(advice);
  }
}
