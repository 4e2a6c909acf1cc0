package dev.likeness.diffusion.internal.memory;

import java.util.Arrays;
import java.util.Collection;

/** What an error about a missing tensor names beside it. */
final class ClosestName {
  private ClosestName() {}

  /** The name that is nearest to {@code name} in letters, or "none". */
  static String of(String name, Collection<String> names) {
    return names.stream()
        .min((a, b) -> Integer.compare(distance(a, name), distance(b, name)))
        .orElse("none");
  }

  /** Levenshtein's edit distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
