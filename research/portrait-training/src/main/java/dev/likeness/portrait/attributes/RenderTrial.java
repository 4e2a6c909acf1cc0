package dev.likeness.portrait.attributes;

import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * How often a reader is right about renders of people whom no training saw: what it can say of any
 * other image.
 */
public record RenderTrial(int images, Map<Attribute, Double> right) {
  private static final long FIRST = 2_000_000_000L;

  /** Tries {@code reader} on this many headshots. */
  public static RenderTrial of(ReadBack reader, int images) {
    Map<Attribute, int[]> counts = new EnumMap<>(Attribute.class);
    for (long number = FIRST; number < FIRST + images; number++) {
      Person person = Person.random(number);
      Shot shot = Shot.headshot(new Random(number * 0x9E3779B97F4A7C15L));
      Map<Attribute, String> read =
          reader.of(Renderer.render(person, shot, CaptionerNetwork.SIDE).image());
      for (Attribute attribute : Attribute.values()) {
        if (attribute.index(person, shot) >= 0) {
          int[] count = counts.computeIfAbsent(attribute, a -> new int[2]);
          count[0]++;
          count[1] += attribute.word(person, shot).equals(read.get(attribute)) ? 1 : 0;
        }
      }
    }
    Map<Attribute, Double> right = new EnumMap<>(Attribute.class);
    counts.forEach((attribute, count) -> right.put(attribute, count[1] / (double) count[0]));
    return new RenderTrial(images, right);
  }

  /** The mean over attributes. */
  public double mean() {
    return right.values().stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(images + " renders of unseen people\n");
    Stream.of(Attribute.values())
        .filter(right::containsKey)
        .forEach(attribute -> text.append(String.format(
            Locale.ROOT,
            "%-16s %5.1f %%%n",
            attribute.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            100 * right.get(attribute))));
    return text.append(String.format(Locale.ROOT, "%-16s %5.1f %%%n", "mean", 100 * mean()))
        .toString();
  }
}
