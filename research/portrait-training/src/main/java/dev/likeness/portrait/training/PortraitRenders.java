package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * The images that {@code portrait} learns from: image {@code i} shows person {@code seed + i}, who
 * is in no other; or, of {@code c} candidates, whom most of what is {@linkplain HardWords hard} can
 * be said of among {@code seed + c i} and the next {@code c - 1}.
 */
final class PortraitRenders {
  /**
   * Every person of the training images has a seed below this; those above are never seen in
   * training.
   */
  private static final long UNSEEN = 1_000_000_000L;

  private final long seed;
  private final int headshots;
  private final int candidates;

  /** Three images of four are headshots, one is a selfie. */
  PortraitRenders(long seed) {
    this(seed, 3);
  }

  /** So many images of four are headshots, the others selfies. */
  PortraitRenders(long seed, int headshots) {
    this(seed, headshots, 1);
  }

  private PortraitRenders(long seed, int headshots, int candidates) {
    if (seed < 0 || seed >= UNSEEN) {
      throw new IllegalArgumentException("training images are of the people of seeds 0 to "
          + (UNSEEN - 1) + ", not " + seed + ": the people of others are for measuring");
    }
    this.seed = seed;
    this.headshots = headshots;
    this.candidates = candidates;
  }

  /** The same, but each image is chosen of so many candidates. */
  PortraitRenders chosenOf(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "candidates=" + count + "; give 1 or more, 1 to take people as they come");
    }
    return new PortraitRenders(seed, headshots, count);
  }

  /** The image itself. */
  RgbImage image(long index) {
    return Renderer.render(person(index), shot(index), Architecture.PIXELS).image();
  }

  /** Three ways to describe {@link #image}, one of them whole. */
  List<String> captions(long index) {
    Person person = person(index);
    Shot shot = shot(index);
    return List.of(
        Caption.of(person, shot, 2 * index),
        Caption.of(person, shot, 2 * index + 1),
        Caption.full(person, shot));
  }

  /**
   * Where the face of {@link #image} is: ten numbers, as
   * {@link dev.likeness.portrait.people.Portrait#landmarks()}.
   */
  float[] landmarks(long index) {
    return Renderer.landmarks(person(index), shot(index), Architecture.PIXELS);
  }

  Person person(long index) {
    return Person.random(seed + chosen(index));
  }

  Shot shot(long index) {
    return shot(index, chosen(index));
  }

  private long chosen(long index) {
    return candidates == 1
        ? index
        : LongStream.range(index * candidates, (index + 1) * candidates)
            .boxed()
            .max(Comparator.comparingInt(
                who -> HardWords.shown(Person.random(seed + who), shot(index, who))))
            .orElseThrow();
  }

  private Shot shot(long index, long who) {
    // Multiplied, not added: java.util.Random draws alike from neighbouring seeds.
    Random random = new Random((seed + who) * 0x9E3779B97F4A7C15L);
    return index % 4 < headshots ? Shot.headshot(random) : Shot.selfie(random);
  }
}
