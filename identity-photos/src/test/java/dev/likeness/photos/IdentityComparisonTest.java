package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.PhotoComparison.Embeddings;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Groups of photos by the person, on vectors made here. The threshold is 0.35, as MobileFace's. */
class IdentityComparisonTest {
  private static final double THRESHOLD = 0.35;
  private static final int PEOPLE = 16;
  private static final RgbImage IMAGE = PaintedFace.image(64, 64, 32, 30, 30);

  /** A set in which the photos of a person have cosines of about {@code same} with each other. */
  private static final class MixedSet {
    private final List<AcceptedPhoto> photos = new ArrayList<>();
    private final List<float[]> vectors = new ArrayList<>();
    private final Random random = new Random(7);

    MixedSet add(int person, int count, double same) {
      for (int i = 0; i < count; i++) {
        add(vector(person, same), Optional.of(eyes()), 0);
      }
      return this;
    }

    AcceptedPhoto add(float[] vector, Optional<Face.Eyes> eyes, double yaw) {
      Face face = new Face(
          // The fake embedder finds the vector of a photo by the place of its face.
          new BoundingBox(vectors.size(), 15, 30, 30),
          1,
          new HeadPose(yaw, 0, 0),
          eyes,
          Optional.empty());
      AcceptedPhoto photo = AcceptedPhoto.of((char) ('a' + vectors.size()) + ".jpg", IMAGE, face);
      vectors.add(vector);
      photos.add(photo);
      return photo;
    }

    /** The person's axis, and an axis of the photo's own. */
    float[] vector(int person, double same) {
      float[] vector = new float[PEOPLE + 64];
      vector[person] = (float) Math.sqrt(same);
      vector[PEOPLE + vectors.size()] = (float) Math.sqrt(1 - same);
      return vector;
    }

    IdentityComparison compared() {
      return new IdentityComparison(photos, new Embeddings(photos, new Fake(vectors)));
    }

    MixedSet shuffled() {
      Collections.shuffle(photos, random);
      return this;
    }
  }

  /** Looks vectors up. */
  private record Fake(List<float[]> vectors) implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return vectors.get((int) face.box().x());
    }

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public double samePersonThreshold() {
      return THRESHOLD;
    }

    @Override
    public void close() {}
  }

  private static Face.Eyes eyes() {
    return new Face.Eyes(new Point(20, 25), new Point(30, 25));
  }

  /** The sum of a vector of two people, in shares, of unit length. */
  private static float[] mixture(double first, int one, double second, int other, int own) {
    float[] vector = new float[PEOPLE + 64];
    vector[one] = (float) first;
    vector[other] = (float) second;
    vector[PEOPLE + own] = (float) Math.sqrt(1 - first * first - second * second);
    return vector;
  }

  @Test
  void nineDifferentPeopleAreAskedAbout() {
    MixedSet set = new MixedSet();
    IntStream.range(0, 9).forEach(person -> set.add(person, 1, 0.6));

    IdentityComparison compared = set.compared();

    assertTrue(compared.isAmbiguous());
    assertEquals(9, compared.groups().size());
    Map<AcceptedPhoto, Reason> reasons = compared.reasons();
    assertEquals(9, reasons.size());
    assertTrue(
        reasons.values().stream().allMatch(reason -> reason.severity() == Verdict.WARN),
        "nobody is rejected before somebody is asked");
    assertEquals(
        "it seems to show person 3 of 9 in this set",
        reasons.get(set.photos.get(2)).message());
    assertEquals(
        "the photos seem to show 9 people (1: a.jpg; 2: b.jpg; 3: c.jpg; 4: d.jpg; 5: e.jpg; 6: f.jpg;"
            + " 7: g.jpg; 8: h.jpg; 9: i.jpg); give a photo of the wanted person: --who FILE,"
            + " or PhotoReview.withPersonIn in Java",
        compared.question());
  }

  @Test
  void mixedSetsAreAskedAboutUnlessOnePersonIsInMostPhotos() {
    for (int[] counts :
        new int[][] {{2, 2}, {5, 5}, {6, 4}, {5, 3}, {4, 4, 4}, {3, 2, 2}, {1, 1}}) {
      assertTrue(mixed(counts).compared().isAmbiguous(), List.of(counts[0], counts[1]) + " …");
    }
    for (int[] counts : new int[][] {{1}, {12}, {2, 1}, {9, 1}, {8, 2}, {6, 1, 1, 1}}) {
      assertFalse(mixed(counts).compared().isAmbiguous(), counts[0] + " of one");
    }
  }

  private static MixedSet mixed(int... counts) {
    MixedSet set = new MixedSet();
    IntStream.range(0, counts.length).forEach(person -> set.add(person, counts[person], 0.6));
    return set.shuffled();
  }

  @Test
  void keepsThePersonThatIsChosen() {
    MixedSet set = new MixedSet().add(0, 4, 0.6).add(1, 4, 0.6);
    IdentityComparison compared = set.compared();

    Map<AcceptedPhoto, Reason> others = compared.reasons(set.photos.get(5));

    assertEquals(4, others.size());
    Reason reason = others.get(set.photos.get(0));
    assertEquals(ReasonCode.WRONG_PERSON, reason.code());
    assertEquals(Verdict.REJECT, reason.severity());
    assertEquals("it shows a different person than f.jpg does", reason.message());
    assertEquals(
        others.keySet(),
        compared.reasons(set.vector(1, 0.5), "passport.jpg").orElseThrow().keySet());
    assertTrue(compared.reasons(set.vector(3, 0.5), "stranger.jpg").isEmpty());
  }

  @Test
  void refusesAPhotoOfNoGroup() {
    MixedSet set = new MixedSet().add(0, 2, 0.6);
    AcceptedPhoto other = new MixedSet().add(0, 1, 0.6).photos.get(0);

    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> set.compared().reasons(other));

    assertEquals(
        "the photo a.jpg is not in a group of this review; give a photo of groups()",
        refusal.getMessage());
  }

  @Test
  void namesTheStrangerAndNobodyElse() {
    MixedSet set = new MixedSet().add(0, 8, 0.5).add(1, 1, 0.6);

    Map<AcceptedPhoto, Reason> others = set.shuffled().compared().reasons();

    assertEquals(
        List.of("it shows a different person than most photos do"),
        others.values().stream().map(Reason::message).toList());
    assertEquals("i.jpg", others.keySet().iterator().next().name());
  }

  /** One pair of two people alike, at 0.45, which the largest cosine alone would merge. */
  @Test
  void onePairThatLooksAlikeDoesNotMergeTwoPeople() {
    MixedSet set = new MixedSet().add(0, 4, 0.6).add(1, 4, 0.6);
    set.add(mixture(0.8, 0, 0.35, 1, 60), Optional.of(eyes()), 0);
    set.add(mixture(0.35, 0, 0.8, 1, 61), Optional.of(eyes()), 0);
    IdentityComparison compared = set.compared();

    assertTrue(
        FaceEmbedder.cosine(set.vectors.get(8), set.vectors.get(9)) > THRESHOLD, "they look alike");
    assertTrue(compared.isAmbiguous());
    assertEquals(List.of(5, 5), compared.groups().stream().map(List::size).toList());
  }

  @Test
  void aPhotoBelowTheThresholdGetsAWarningInABand() {
    MixedSet set = new MixedSet().add(0, 5, 0.7);
    AcceptedPhoto doubtful = set.add(mixture(0.35, 0, 0, 1, 60), Optional.of(eyes()), 0);
    AcceptedPhoto stranger = set.add(mixture(0.2, 0, 0, 1, 61), Optional.of(eyes()), 0);
    IdentityComparison compared = set.compared();

    Map<AcceptedPhoto, Reason> others = compared.reasons();

    assertFalse(compared.isAmbiguous());
    assertEquals(2, others.size());
    assertEquals(Verdict.WARN, others.get(doubtful).severity());
    assertEquals(
        "it may show a different person than most photos do; check this photo",
        others.get(doubtful).message());
    assertEquals(Verdict.REJECT, others.get(stranger).severity());
    assertEquals(THRESHOLD, others.get(stranger).limit());
  }

  @Test
  void aFaceThatCannotBeComparedWellIsNotRejected() {
    MixedSet set = new MixedSet().add(0, 5, 0.7);
    AcceptedPhoto eyeless = set.add(set.vector(1, 0.1), Optional.empty(), 0);
    AcceptedPhoto turned = set.add(set.vector(2, 0.1), Optional.of(eyes()), -60);
    AcceptedPhoto linked = set.add(set.vector(0, 0.7), Optional.empty(), 0);

    Map<AcceptedPhoto, Reason> others = set.compared().reasons();

    assertEquals(Verdict.WARN, others.get(eyeless).severity());
    assertEquals(
        "it may show a different person than most photos do: the photo cannot be compared well,"
            + " because no eyes"
            + " were found; check this photo",
        others.get(eyeless).message());
    assertEquals(Verdict.WARN, others.get(turned).severity());
    assertTrue(others.get(turned).message().contains("the head is turned away"));
    assertFalse(others.containsKey(linked));
  }

  /** Without eyes, but with a clear photo of the same stranger. */
  @Test
  void aStrangerWithOneClearPhotoIsRejectedInAll() {
    MixedSet set = new MixedSet().add(0, 5, 0.7).add(1, 1, 0.7);
    AcceptedPhoto eyeless = set.add(set.vector(1, 0.7), Optional.empty(), 0);

    assertEquals(
        List.of(Verdict.REJECT, Verdict.REJECT),
        set.compared().reasons().values().stream().map(Reason::severity).toList());
    assertTrue(set.compared().reasons().containsKey(eyeless));
  }

  @Test
  void afterAChoiceOnlyPhotosOfThatPersonAreKept() {
    MixedSet set = new MixedSet().add(0, 3, 0.7).add(1, 3, 0.7);
    AcceptedPhoto eyeless = set.add(set.vector(2, 0.1), Optional.empty(), 0);

    Map<AcceptedPhoto, Reason> others = set.compared().reasons(set.photos.get(0));

    assertEquals(4, others.size());
    assertEquals(Verdict.REJECT, others.get(eyeless).severity());
  }

  /** A beard or glasses may separate photos, which one photo of the person unites. */
  @Test
  void aPhotoOfThePersonUnitesTwoGroups() {
    MixedSet set = new MixedSet().add(0, 3, 0.8).add(1, 3, 0.8).add(2, 3, 0.8);
    IdentityComparison compared = set.compared();

    Map<AcceptedPhoto, Reason> others =
        compared.reasons(mixture(0.7, 0, 0.7, 1, 60), "both.jpg").orElseThrow();

    assertEquals(3, compared.groups().size());
    assertEquals(
        set.photos.subList(6, 9).stream().map(AcceptedPhoto::name).toList(),
        others.keySet().stream().map(AcceptedPhoto::name).sorted().toList());
  }

  @Test
  void namesOfManyPhotosAreCutAndQuoted() {
    MixedSet set = new MixedSet();
    IntStream.range(0, 14).forEach(person -> set.add(person, person < 2 ? 5 : 1, 0.7));

    String question = set.compared().question();

    assertTrue(
        question.startsWith(
            "the photos seem to show 14 people (1: a.jpg, b.jpg, c.jpg and 2 more; 2: "),
        question);
    assertTrue(question.contains("; and 2 more); give a photo of the wanted person"), question);
    AcceptedPhoto strange =
        AcceptedPhoto.of("two\nlines.jpg", IMAGE, set.photos.get(0).face());
    IdentityComparison odd = new IdentityComparison(
        List.of(strange, set.photos.get(5)),
        new Embeddings(List.of(strange, set.photos.get(5)), new Fake(set.vectors)));
    assertEquals(1, odd.question().lines().count());
  }

  @Test
  void oneOrNoPhotoIsNotAskedAbout() {
    assertFalse(new MixedSet().compared().isAmbiguous());
    assertEquals(Map.of(), new MixedSet().compared().reasons());
    assertFalse(new MixedSet().add(0, 1, 0.5).compared().isAmbiguous());
  }
}
