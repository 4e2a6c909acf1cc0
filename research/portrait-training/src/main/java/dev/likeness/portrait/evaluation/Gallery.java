package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A person among others of the same sex, age band and hair, each known by photos: recognised is
 * whoever of them all is nearest, so that an image of just such a person is recognised no more
 * often than chance has it.
 */
final class Gallery {
  private static final long OTHERS = 8_000_000_000L;
  private static final int PHOTOS = 2;
  private static final int SIDE = 256;

  private final Person person;
  private final FaceDetector detector;
  private final FaceEmbedder embedder;
  private final List<float[]> own;
  private final List<float[]> others = new ArrayList<>();

  /**
   * {@code size - 1} others beside {@code person}, of whom {@code shots} photos are held out from
   * everything else.
   */
  Gallery(Person person, int size, int shots, FaceDetector detector, FaceEmbedder embedder) {
    this.person = person;
    this.detector = detector;
    this.embedder = embedder;
    this.own = photos(person, shots);
    for (long number = OTHERS + person.seed() % 1000 * 1_000_000;
        others.size() < (size - 1) * PHOTOS;
        number++) {
      Person other = Person.random(number);
      if (other.sex() == person.sex()
          && Words.age(other).equals(Words.age(person))
          && other.hair() == person.hair()) {
        others.addAll(photos(other, PHOTOS));
      }
    }
  }

  private List<float[]> photos(Person person, int count) {
    Random random = new Random(person.seed() * 31 + 7);
    List<float[]> vectors = new ArrayList<>();
    while (vectors.size() < count) {
      vector(Renderer.render(person, Shot.selfie(random), SIDE).image()).ifPresent(vectors::add);
    }
    return vectors;
  }

  /** Whom it is about. */
  Person person() {
    return person;
  }

  /** What the embedder makes of the largest face; empty when none is found. */
  Optional<float[]> vector(RgbImage image) {
    List<Face> faces = detector.detect(image);
    return faces.isEmpty() ? Optional.empty() : Optional.of(embedder.embed(image, faces.get(0)));
  }

  /** The mean cosine of {@code face} to the person's held-out photos. */
  double likeness(float[] face) {
    return own.stream()
        .mapToDouble(photo -> FaceEmbedder.cosine(photo, face))
        .average()
        .orElseThrow();
  }

  /** The mean cosine of the held-out photos to each other. */
  double spread() {
    double sum = 0;
    int pairs = 0;
    for (int i = 0; i < own.size(); i++) {
      for (int j = 0; j < i; j++, pairs++) {
        sum += FaceEmbedder.cosine(own.get(i), own.get(j));
      }
    }
    return sum / pairs;
  }

  /** Whether nobody else's photo is nearer than the person's nearest among as many of theirs. */
  boolean recognises(float[] face) {
    double best = own.stream()
        .limit(PHOTOS)
        .mapToDouble(photo -> FaceEmbedder.cosine(photo, face))
        .max()
        .orElseThrow();
    return others.stream().allMatch(photo -> FaceEmbedder.cosine(photo, face) < best);
  }
}
