package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.Random;

/**
 * Images for what has to know a person again: {@link #SHOTS} of each, a selfie and a headshot in
 * turn.
 */
final class PeopleRenders {
  static final int SHOTS = 4;

  /** No evaluation uses these people. The captioner is trained on them too. */
  private static final long FIRST_PERSON = 800_000_000L;

  /** How far a detector puts eyes and mouth astray, in distances between the eyes. */
  private static final double ASTRAY = 0.04;

  private final long seed;

  PeopleRenders(long seed) {
    this.seed = seed;
  }

  RgbImage image(long index) {
    return Renderer.render(person(index), shot(index), Architecture.PIXELS).image();
  }

  String caption(long index) {
    return Caption.of(person(index), shot(index), index);
  }

  /**
   * What the adapter is told of {@link #image}: of three in four not how the person looks, which
   * the reference shows.
   */
  String captionBesideReference(long index) {
    return (index + index / SHOTS) % SHOTS == 0
        ? caption(index)
        : Caption.ofAnybody(person(index), shot(index), index);
  }

  /**
   * What the adapter that looks at whole images is told of {@link #image}: of half nothing, of
   * three in eight all but the person.
   */
  String captionBesideImage(long index) {
    return index / SHOTS % 2 == 0 ? "" : captionBesideReference(index);
  }

  /**
   * Where the face of {@link #image} is: ten numbers, as
   * {@link dev.likeness.portrait.people.Portrait#landmarks()}.
   */
  float[] landmarks(long index) {
    return Renderer.landmarks(person(index), shot(index), Architecture.PIXELS);
  }

  /**
   * The face in {@link #image}, its eyes and mouth a little beside where they are, as a detector
   * would find it.
   */
  Face face(long index) {
    float[] at = landmarks(index);
    Random random = new Random((FIRST_PERSON + seed - index) * 0x9E3779B97F4A7C15L);
    double unit = Math.hypot(at[2] - at[0], at[3] - at[1]) * ASTRAY;
    for (int i = 0; i < at.length; i++) {
      at[i] += (float) (unit * random.nextGaussian());
    }
    return EmbedderTrial.face(at);
  }

  Person person(long index) {
    return Person.random(FIRST_PERSON + seed + index / SHOTS);
  }

  Shot shot(long index) {
    Random random = new Random((FIRST_PERSON + seed + index) * 0x9E3779B97F4A7C15L);
    return index % 2 == 0 ? Shot.selfie(random) : Shot.headshot(random);
  }
}
