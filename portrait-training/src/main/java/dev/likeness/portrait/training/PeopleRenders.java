package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Framing;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.Random;

/** Pictures for what has to know a person again: {@link #SHOTS} of each, a selfie and a headshot in turn. */
final class PeopleRenders {
  static final int SHOTS = 4;

  /** These people, whom the reader of photos knows too, are measured by nothing. */
  private static final long FIRST_PERSON = 800_000_000L;

  /**
   * How large the built-in detector's boxes are and how far below the eyes their middle, in distances from the eyes to the
   * mouth: mean and spread over 55 of these renders.
   */
  private static final double FACE = 2.5;
  private static final double FACE_SPREAD = 0.25;
  private static final double DOWN = 0.16;
  private static final double DOWN_SPREAD = 0.08;

  /** How far a detector puts eyes and mouth astray, in distances between the eyes. */
  private static final double ASTRAY = 0.04;

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

  /** What the adapter is told of {@link #picture}: of three in four not how the person looks, which the reference shows. */
  String captionBesideReference(long index) {
    return (index + index / SHOTS) % SHOTS == 0 ? caption(index) : Caption.ofAnybody(person(index), shot(index), index);
  }

  /** Where the face of {@link #picture} is: ten numbers, as {@link dev.likeness.portrait.people.Portrait#landmarks()}. */
  float[] landmarks(long index) {
    return Renderer.landmarks(person(index), shot(index), Architecture.PIXELS);
  }

  /** What the image encoder is shown of {@code picture}: the head, about as a detector would find and frame it. */
  Picture head(Picture picture, long index) {
    float[] at = landmarks(index);
    double eyesX = (at[0] + at[2]) / 2;
    double eyesY = (at[1] + at[3]) / 2;
    double toMouth = Math.hypot((at[6] + at[8]) / 2 - eyesX, (at[7] + at[9]) / 2 - eyesY);
    Random random = new Random((FIRST_PERSON - seed - index) * 0x9E3779B97F4A7C15L);
    double side = toMouth * (FACE + FACE_SPREAD * random.nextGaussian());
    double middle = eyesY + toMouth * (DOWN + DOWN_SPREAD * random.nextGaussian());
    Box face = new Box(eyesX - side / 2, middle - side / 2, side, side);
    return HeadCrop.of(face, Framing.HEAD, picture.width(), picture.height(), 1).of(picture, Architecture.SEEN);
  }

  /** The face in {@link #picture}, its eyes and mouth a little beside where they are, as a detector would find it. */
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

  private Shot shot(long index) {
    Random random = new Random((FIRST_PERSON + seed + index) * 0x9E3779B97F4A7C15L);
    return index % 2 == 0 ? Shot.selfie(random) : Shot.headshot(random);
  }
}
