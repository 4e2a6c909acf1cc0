package dev.likeness.headshots;

import dev.likeness.diffusion.Identity;
import dev.likeness.lora.TrainedPerson;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The light that nearly all photos of somebody were taken in. Clothes and backdrops can be left out of what is learnt; light falls on
 * the face, and what all photos share of it is learnt with the face, whatever their captions say. So it goes into the negative prompt of
 * pictures that do not ask for it.
 *
 * @param words such as {@code flash}; empty where the photos differ, or nothing is known of their light
 */
public record SharedLight(String words) {
  static final String NOTE = "likeness.shared_light";
  private static final double SHARE = 0.75;

  /** What three in four or more of {@code photos} are said to be lit by. */
  static SharedLight of(List<SceneWords> photos) {
    Map<String, Long> counts = photos.stream().map(photo -> photo.word("light")).filter(word -> !word.isEmpty())
        .collect(Collectors.groupingBy(word -> word, Collectors.counting()));
    return new SharedLight(counts.entrySet().stream().filter(light -> light.getValue() >= SHARE * photos.size())
        .map(Map.Entry::getKey).findFirst().orElse(""));
  }

  /** What is kept of somebody who was learnt; nothing of others. */
  public static SharedLight of(Identity person) {
    if (person instanceof HeldPerson held) {
      return of(held.own());
    }
    if (person instanceof ShownPerson shown) {
      return of(shown.learnt());
    }
    return new SharedLight(person instanceof TrainedPerson learnt ? learnt.notes().getOrDefault(NOTE, "") : "");
  }

  /** The same person with this in their file. */
  TrainedPerson in(TrainedPerson person) {
    return words.isEmpty() ? person : person.with(NOTE, words);
  }

  /** The negative prompt {@code other} with this light in it, or without it where {@code prompt} asks for it. */
  public String negative(String other, String prompt) {
    Stream<String> others = Arrays.stream(other.split(",")).map(String::strip).filter(part -> !part.isEmpty() && !part.equals(words));
    boolean unasked = !words.isEmpty() && !prompt.contains(words);
    return words.isEmpty() ? other : Stream.concat(others, unasked ? Stream.of(words) : Stream.empty()).collect(Collectors.joining(", "));
  }
}
