package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.Random;

/** Pictures for what has to know a person again: {@link #SHOTS} of each, a selfie and a headshot in turn. */
final class PeopleRenders {
  static final int SHOTS = 4;

  /** Seeds of these people are used for nothing else. */
  private static final long FIRST_PERSON = 800_000_000L;

  private final long seed;

  PeopleRenders(long seed) {
    this.seed = seed;
  }

  Picture picture(long index) {
    return Renderer.render(person(index), shot(index), Architecture.PIXELS).picture();
  }

  String caption(long index) {
    return Caption.of(person(index), shot(index), index);
  }

  /** Where the face of {@link #picture} is: ten numbers, as {@link dev.likeness.portrait.people.Portrait#landmarks()}. */
  float[] landmarks(long index) {
    return Renderer.landmarks(person(index), shot(index), Architecture.PIXELS);
  }

  private Person person(long index) {
    return Person.random(FIRST_PERSON + seed + index / SHOTS);
  }

  private Shot shot(long index) {
    Random random = new Random((FIRST_PERSON + seed + index) * 0x9E3779B97F4A7C15L);
    return index % 2 == 0 ? Shot.selfie(random) : Shot.headshot(random);
  }
}
