package dev.likeness.photos.likeness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessOfPeopleTest {
  private static final RgbImage IMAGE = RgbImage.of(8, 8, new byte[8 * 8 * 3]);
  private static final FaceEmbedder EYE = new Angle();

  /** Faces whose left edge is the angle of their embedding in degrees. */
  private record Angles(double... degrees) implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      return DoubleStream.of(degrees)
          .mapToObj(degree -> new Face(
              new BoundingBox(degree, 0, 4, 4),
              1,
              HeadPose.FRONTAL,
              Optional.empty(),
              Optional.empty()))
          .toList();
    }

    @Override
    public String name() {
      return "angles";
    }

    @Override
    public void close() {}
  }

  private static final class Angle implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return at(face.box().x());
    }

    @Override
    public String name() {
      return "angle";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }

  private static float[] at(double degree) {
    double angle = Math.toRadians(degree);
    return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
  }

  private static List<Likeness> people(FaceDetector detector, double... degrees) {
    return DoubleStream.of(degrees)
        .mapToObj(degree -> Likeness.of(List.of(at(degree)), detector, EYE))
        .toList();
  }

  private static List<Double> cosines(FaceDetector faces, double... people) {
    return LikenessScore.ofPeople(people(faces, people), IMAGE).stream()
        .map(score -> Math.toDegrees(Math.acos(Math.min(1, score.cosine()))))
        .map(angle -> (double) Math.round(angle))
        .toList();
  }

  @Test
  void comparesEachPersonWithTheFaceThatFits() {
    assertEquals(List.of(5.0, 10.0), cosines(new Angles(80, 15), 10, 90));
    assertEquals(List.of(10.0, 5.0), cosines(new Angles(80, 15), 90, 10));
  }

  @Test
  void givesAFaceToOnePersonOnly() {
    // Both are most like the face at 20; together they fit best if the first takes the other one.
    assertEquals(List.of(20.0, 10.0), cosines(new Angles(20, 0), 20, 30));
    assertEquals(List.of(0.0), cosines(new Angles(20, 0), 20));
  }

  @Test
  void leavesOutFacesOfOthers() {
    assertEquals(List.of(1.0, 2.0), cosines(new Angles(170, 32, 100, 61), 60, 30));
  }

  @Test
  void hasNoFaceForAPersonForWhomNoneIsLeft() {
    List<LikenessScore> scores = LikenessScore.ofPeople(people(new Angles(85), 0, 90, 45), IMAGE);
    assertEquals(
        List.of(false, true, false), scores.stream().map(LikenessScore::hasFace).toList());
    assertFalse(LikenessScore.ofPeople(people(new Angles(), 0, 90), IMAGE).stream()
        .anyMatch(LikenessScore::hasFace));
  }

  /** Even if no face is like anybody, as many people as possible get one. */
  @Test
  void assignsFacesThatAreUnlikeEveryone() {
    assertEquals(List.of(180.0, 150.0), cosines(new Angles(170, 180), 0, 20));
  }

  @Test
  void findsTheHighestSumOfAllAssignments() {
    Random random = new Random(5);
    for (int run = 0; run < 50; run++) {
      double[] people = random.doubles(4, 0, 180).toArray();
      double[] faces = random.doubles(1 + random.nextInt(6), 0, 180).toArray();
      double sum = LikenessScore.ofPeople(people(new Angles(faces), people), IMAGE).stream()
          .filter(LikenessScore::hasFace)
          .mapToDouble(LikenessScore::cosine)
          .sum();
      assertEquals(highest(people, faces), sum, 1e-5, "run " + run);
    }
  }

  /** The highest sum of cosines, over all orders of people and faces. */
  private static double highest(double[] people, double[] faces) {
    List<List<Integer>> orders =
        orders(IntStream.range(0, Math.max(people.length, faces.length)).boxed().toList());
    int pairs = Math.min(people.length, faces.length);
    double[] more = people.length > faces.length ? people : faces;
    double[] less = people.length > faces.length ? faces : people;
    return orders.stream()
        .mapToDouble(order -> IntStream.range(0, pairs)
            .mapToDouble(i -> Math.cos(Math.toRadians(less[i] - more[order.get(i)])))
            .sum())
        .max()
        .orElseThrow();
  }

  private static List<List<Integer>> orders(List<Integer> numbers) {
    if (numbers.isEmpty()) {
      return List.of(List.of());
    }
    List<List<Integer>> all = new ArrayList<>();
    for (Integer first : numbers) {
      List<Integer> rest = new ArrayList<>(numbers);
      rest.remove(first);
      orders(rest).forEach(order -> {
        List<Integer> whole = new ArrayList<>(List.of(first));
        whole.addAll(order);
        all.add(whole);
      });
    }
    return all;
  }

  @Test
  void refusesWhatCannotBeAssigned() {
    assertEquals(
        "the likeness in an image can be measured for 1 to 12 people, got 0", refusal(List.of()));
    Likeness one = people(new Angles(0), 0).get(0);
    assertEquals(
        "the likeness in an image can be measured for 1 to 12 people, got 13",
        refusal(Collections.nCopies(13, one)));
    Likeness other = Likeness.of(List.of(at(0)), new Angles(0), new Angle());
    assertEquals(
        "all likenesses must use the same embedder object, got different ones; give the same"
            + " embedder to all of them",
        refusal(List.of(one, other)));
  }

  private static String refusal(List<Likeness> people) {
    return assertThrows(IllegalArgumentException.class, () -> LikenessScore.ofPeople(people, IMAGE))
        .getMessage();
  }
}
