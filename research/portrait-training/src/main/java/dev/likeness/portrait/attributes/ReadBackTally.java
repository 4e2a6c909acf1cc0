package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How often images show what their prompts ask for, attribute by attribute. One thread. */
public final class ReadBackTally {
  private final ReadBack reader;
  private final Map<Attribute, int[]> counts = new EnumMap<>(Attribute.class);

  /** An empty tally that reads with {@code reader}. */
  public ReadBackTally(ReadBack reader) {
    this.reader = reader;
  }

  /**
   * Counts what {@code prompt} asks for, in words of captions, and whether {@code image} shows it.
   */
  public void add(String prompt, RgbImage image) {
    add(Asked.of(prompt), reader.of(image));
  }

  /** Counts what was {@code asked} and whether it is among what was {@code read}. */
  public void add(Map<Attribute, Set<String>> asked, Map<Attribute, String> read) {
    asked.forEach((attribute, words) -> {
      int[] count = counts.computeIfAbsent(attribute, a -> new int[2]);
      count[0]++;
      count[1] += words.contains(read.get(attribute)) ? 1 : 0;
    });
  }

  /** How many images were asked for a word of {@code attribute}. */
  public int asked(Attribute attribute) {
    return counts.getOrDefault(attribute, new int[2])[0];
  }

  /** How many words were asked for. */
  public int asked() {
    return counts.values().stream().mapToInt(count -> count[0]).sum();
  }

  /**
   * The share of asked words of {@code attribute} that were read back, 0 to 1; NaN where none was
   * asked.
   */
  public double share(Attribute attribute) {
    return share(List.of(attribute));
  }

  /** The share of all asked words of these attributes that were read back. */
  public double share(Collection<Attribute> attributes) {
    double[] sum = new double[2];
    for (Attribute attribute : attributes) {
      int[] count = counts.getOrDefault(attribute, new int[2]);
      sum[0] += count[0];
      sum[1] += count[1];
    }
    return sum[1] / sum[0];
  }

  /** The share of everything asked that was read back. */
  public double share() {
    return share(counts.keySet());
  }
}
