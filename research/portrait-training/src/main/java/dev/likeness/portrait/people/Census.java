package dev.likeness.portrait.people;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How evenly many random people are spread: counts of each word, and how much any two of sex, age,
 * skin, weight and distance of the eyes go together.
 */
public final class Census {
  private final int people;
  private final Map<String, Map<String, Integer>> counts = new TreeMap<>();
  private final double strongest;

  private Census(List<Person> all) {
    people = all.size();
    float[][] rows = new float[all.size()][];
    for (int i = 0; i < rows.length; i++) {
      Person p = all.get(i);
      count("sex", Words.of(p.sex()));
      p.ancestry().forEach(one -> count("ancestry", one.name().toLowerCase(Locale.ROOT)));
      count("age", Words.age(p));
      count("skin", Words.skin(p));
      count("hair", p.hair().words());
      count("hair colour", p.hair().showsHair() ? p.hairColour().words() : "none to see");
      count("beard", p.beard() == BeardStyle.NONE ? "none" : p.beard().words());
      count("glasses", p.glasses() == Glasses.NONE ? "none" : p.glasses().words());
      count(
          "build",
          p.bone(Bone.WEIGHT) < -.3f ? "slim" : p.bone(Bone.WEIGHT) > .3f ? "heavy" : "middling");
      rows[i] = new float[] {
        p.sex().ordinal(), p.age(), p.melanin(), p.bone(Bone.WEIGHT), p.bone(Bone.EYE_SPACING)
      };
    }
    strongest = strongest(rows);
  }

  /** Counts the people of numbers {@code first} to {@code first + people - 1}. */
  public static Census of(long first, int people) {
    List<Person> all = new ArrayList<>();
    for (int i = 0; i < people; i++) {
      all.add(Person.random(first + i));
    }
    return new Census(all);
  }

  private void count(String attribute, String word) {
    counts.computeIfAbsent(attribute, k -> new TreeMap<>()).merge(word, 1, Integer::sum);
  }

  /** Share of people with {@code word} for {@code attribute}, 0 to 1. */
  public double share(String attribute, String word) {
    return counts.getOrDefault(attribute, Map.of()).getOrDefault(word, 0) / (double) people;
  }

  /**
   * Shares of people by attribute and word, and the strongest correlation; of ancestries a person
   * may have two.
   */
  public Map<String, Object> shares() {
    Map<String, Object> shares = new LinkedHashMap<>();
    counts.forEach((attribute, words) -> {
      Map<String, Object> row = new LinkedHashMap<>();
      words.keySet().forEach(word -> row.put(word, share(attribute, word)));
      shares.put(attribute, row);
    });
    shares.put("strongest correlation", strongest);
    return shares;
  }

  /**
   * The largest correlation, 0 to 1, between any two of sex, age, skin, weight and distance of the
   * eyes.
   */
  public double strongestCorrelation() {
    return strongest;
  }

  private static double strongest(float[][] rows) {
    double most = 0;
    for (int a = 0; a < rows[0].length; a++) {
      for (int b = 0; b < a; b++) {
        most = Math.max(most, Math.abs(correlation(rows, a, b)));
      }
    }
    return most;
  }

  private static double correlation(float[][] rows, int a, int b) {
    double n = rows.length;
    double sa = 0;
    double sb = 0;
    double saa = 0;
    double sbb = 0;
    double sab = 0;
    for (float[] row : rows) {
      sa += row[a];
      sb += row[b];
      saa += row[a] * row[a];
      sbb += row[b] * row[b];
      sab += row[a] * row[b];
    }
    return (sab / n - sa * sb / n / n)
        / Math.sqrt((saa / n - sa * sa / n / n) * (sbb / n - sb * sb / n / n));
  }
}
