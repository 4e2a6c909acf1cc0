package dev.likeness.photos;

import java.util.List;

/**
 * What the review says of the photos together.
 *
 * @param photos how many were looked at
 * @param accepted how many may be used
 * @param advice what would make the set better, in sentences for people; empty when nothing is missing
 */
public record SetVerdict(int photos, int accepted, List<String> advice) {
  /** Below this many accepted photos a person is not learnt well. */
  public static final int FEWEST = 3;
  /** More photos than this add little. */
  public static final int MOST = 20;

  public SetVerdict {
    advice = List.copyOf(advice);
  }
}
