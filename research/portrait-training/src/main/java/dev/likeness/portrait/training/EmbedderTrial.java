package dev.likeness.portrait.training;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.likeness.RocCurve;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Whether an embedder tells people apart whom it never saw.
 *
 * @param anybody pairs of one person against pairs of any two
 * @param alike against pairs of two whom words hardly tell apart: they share sex, age, and either
 *     hair or skin
 */
record EmbedderTrial(RocCurve anybody, RocCurve alike) {
  private static final int PEOPLE = 400;
  private static final long FIRST = 3_000_000_000L;

  private record Seen(Person person, float[] first, float[] second) {}

  static EmbedderTrial of(FaceEmbedder embedder) {
    List<Seen> all = new ArrayList<>();
    for (long number = FIRST; number < FIRST + PEOPLE; number++) {
      Person person = Person.random(number);
      Random random = new Random(number * 0x9E3779B97F4A7C15L);
      all.add(new Seen(
          person,
          vector(embedder, person, Shot.selfie(random)),
          vector(embedder, person, Shot.headshot(random))));
    }
    List<Double> same = new ArrayList<>();
    List<Double> different = new ArrayList<>();
    List<Double> alike = new ArrayList<>();
    for (Seen one : all) {
      same.add(FaceEmbedder.cosine(one.first, one.second));
      all.stream().filter(other -> other != one).forEach(other -> {
        double cosine = FaceEmbedder.cosine(one.first, other.second);
        different.add(cosine);
        if (alike(one.person, other.person)) {
          alike.add(cosine);
        }
      });
    }
    return new EmbedderTrial(RocCurve.of(same, different), RocCurve.of(same, alike));
  }

  private static boolean alike(Person a, Person b) {
    return a.sex() == b.sex()
        && Words.age(a).equals(Words.age(b))
        && (a.hair() == b.hair() || Words.skin(a).equals(Words.skin(b)));
  }

  private static float[] vector(FaceEmbedder embedder, Person person, Shot shot) {
    Portrait portrait = Renderer.render(person, shot, Architecture.PIXELS);
    return embedder.embed(portrait.image(), face(portrait.landmarks()));
  }

  /** The face whose eyes, nose and mouth are there, as {@link Portrait#landmarks()} has them. */
  static Face face(float[] xy) {
    Face.Landmarks landmarks = new Face.Landmarks(
        new Point(xy[0], xy[1]),
        new Point(xy[2], xy[3]),
        new Point(xy[4], xy[5]),
        new Point(xy[6], xy[7]),
        new Point(xy[8], xy[9]));
    Optional<Face.Eyes> eyes = Optional.empty();
    return new Face(
        new BoundingBox(xy[0], xy[1], 1, 1), 1, HeadPose.FRONTAL, eyes, Optional.of(landmarks));
  }
}
