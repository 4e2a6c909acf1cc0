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
  private static final int MEANT = 3;

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
    List<String> known = sorted(name, names);
    return known.isEmpty()
        ? "none"
        : String.join(", ", known.stream().limit(count).toList());
  }

  /**
   * {@return the names that the user may have meant, the most similar first; empty if there are
   * none} A name is meant if at most a third of its characters differ, or no more than the length
   * of the common beginning.
   *
   * @param name the unknown name
   * @param names the known names
   * @param count the largest number of names, at least 1
   */
  public static List<String> similar(String name, Stream<String> names, int count) {
    String wanted = plain(name);
    return sorted(name, names).stream()
        .filter(each -> isSimilar(plain(each), wanted))
        .limit(count)
        .toList();
  }

  private static List<String> sorted(String name, Stream<String> names) {
    String wanted = plain(name);
    List<Map.Entry<String, Integer>> known = new ArrayList<>();
    names.distinct().forEach(each -> known.add(Map.entry(each, difference(plain(each), wanted))));
    known.sort(Map.Entry.comparingByValue(Comparator.naturalOrder()));
    return known.stream().map(Map.Entry::getKey).toList();
  }

  private static boolean isSimilar(String known, String wanted) {
    return MEANT * distance(known, wanted) <= known.length() || difference(known, wanted) <= 0;
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

  /** The edit distance in which two neighbours that are swapped count as one change. */
  private static int distance(String a, String b) {
    int[][] rows = new int[a.length() + 1][b.length() + 1];
    Arrays.setAll(rows[0], j -> j);
    for (int i = 1; i <= a.length(); i++) {
      rows[i][0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = rows[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        rows[i][j] = Math.min(change, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
      }
    }
    return rows[a.length()][b.length()];
  }
}
