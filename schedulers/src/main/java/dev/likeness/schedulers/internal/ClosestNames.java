package dev.likeness.schedulers.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The names that an error about an unknown name suggests. */
public final class ClosestNames {
  private ClosestNames() {}

  /**
   * {@return the names that are most similar to a name, the most similar first, separated by
   * commas; "none" if there are no names} The measure is the edit distance minus the length of the
   * common beginning. Case, spaces, hyphens and underscores make no difference.
   *
   * @param name the unknown name
   * @param names the known names
   * @param count the largest number of names, at least 1
   */
  public static String of(String name, Stream<String> names, int count) {
    String wanted = plain(name);
    List<Map.Entry<String, Integer>> known = new ArrayList<>();
    names.distinct().forEach(each -> known.add(Map.entry(each, difference(plain(each), wanted))));
    known.sort(Map.Entry.comparingByValue(Comparator.naturalOrder()));
    return known.isEmpty()
        ? "none"
        : String.join(", ", known.stream().limit(count).map(Map.Entry::getKey).toList());
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
  }

  private static int difference(String a, String b) {
    int same = 0;
    while (same < Math.min(a.length(), b.length()) && a.charAt(same) == b.charAt(same)) {
      same++;
    }
    return distance(a, b) - same;
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
