package dev.likeness.diffusion.internal.training;

import java.util.SplittableRandom;

/** A random order, in which a training takes each of its images once. */
public final class ShuffledOrder {
  private ShuffledOrder() {}

  /** Returns the numbers 0 to {@code count} - 1, shuffled by {@code random}. */
  public static int[] of(SplittableRandom random, int count) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    return order;
  }
}
