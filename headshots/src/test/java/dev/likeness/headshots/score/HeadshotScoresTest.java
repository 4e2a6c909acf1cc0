package dev.likeness.headshots.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.photos.SameFacesDetector;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.likeness.ConfidenceInterval;
import dev.likeness.photos.likeness.Likeness;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeadshotScoresTest {
  private static final RgbImage IMAGE = noise();
  private static final FaceDetector SEEING = new SameFacesDetector(List.of(new Face(
      new BoundingBox(80, 70, 96, 96), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty())));
  private static final FaceDetector BLIND = new SameFacesDetector(List.of());

  /** One vector for every face. */
  private record Same(boolean isTrainedOnPhotographs) implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return at(0);
    }

    @Override
    public String name() {
      return "same";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }

  @Test
  void failsALikenessThatNoFaceWasFoundFor() {
    ScoreCard card = card(BLIND);
    ScoreCard.Score likeness = card.of(ScoreAspect.LIKENESS).orElseThrow();
    assertFalse(likeness.isPassed());
    assertEquals(
        "no face was found to measure it on (likeness none, limit 0.500)", likeness.reason());
    assertEquals(0, card.likeness());
    assertNull(entry(card).get("value"));
  }

  @Test
  void saysHowSureALikenessIs() {
    ScoreCard card = card(SEEING);
    ScoreCard.Score likeness = card.of(ScoreAspect.LIKENESS).orElseThrow();
    ConfidenceInterval range = likeness.interval().orElseThrow();
    // Of three photos the bootstrap draws one alone, thrice, in 1 of 27 times: the ends are the
    // least and most alike.
    assertEquals(Math.cos(0.9), range.low(), 1e-6);
    assertEquals(Math.cos(0.3), range.high(), 1e-6);
    assertEquals("likeness passed (0.801, 95 % 0.622 to 0.955, limit 0.500)", likeness.reason());
    assertEquals(List.of(0.6216, 0.9553), entry(card).get("interval"));
    assertTrue(card.of(ScoreAspect.SHARPNESS).orElseThrow().interval().isEmpty());
  }

  @Test
  void failsExactlyTheImagesThatAReportDoesNotRecognise() {
    // Photos at these angles: far apart, alike, one alone, in two groups, beyond the threshold.
    List<List<Double>> people = List.of(
        List.of(0.0, 1.2),
        List.of(0.0, 0.05, 0.1),
        List.of(0.0),
        List.of(0.0, 0.1, 1.4, 1.5),
        List.of(0.0, 1.5),
        List.of(0.0, 0.4, 0.8));
    int disputed = 0;
    for (List<Double> photos : people) {
      for (double angle : new double[] {-0.7, 0, 0.5, 0.8, 1.0, 1.1, 1.2, 1.4}) {
        Likeness likeness = Likeness.of(
            photos.stream().map(photo -> at(photo)).toList(), SEEING, new Turned(angle));
        boolean passed = HeadshotScores.of(SEEING)
            .likeness(likeness)
            .score(IMAGE)
            .of(ScoreAspect.LIKENESS)
            .orElseThrow()
            .isPassed();
        String meaning = likeness.report(List.of(IMAGE)).meaning();

        assertEquals(
            passed, !meaning.startsWith("not recognised"), photos + " " + angle + ": " + meaning);
        assertEquals(passed, likeness.recognises(likeness.cosine(IMAGE)));
        disputed += likeness.cosine(IMAGE) < 0.5 && passed ? 1 : 0;
      }
    }
    assertTrue(disputed > 0, "no threshold is below that of the embedder");
  }

  /** The same vector for every face, at an angle. */
  private record Turned(double angle) implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return at(angle);
    }

    @Override
    public String name() {
      return "turned";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }

  @Test
  void failsAnImageWithASecondPerson() {
    assertEquals(0, beside(0).of(ScoreAspect.SECOND_FACE).orElseThrow().value());
    ScoreCard.Score other = beside(60).of(ScoreAspect.SECOND_FACE).orElseThrow();
    assertEquals(60.0 * 60 / (96 * 96), other.value(), 1e-9);
    assertEquals("another face is in the image (second face 0.391, limit 0.250)", other.reason());
    assertTrue(
        beside(30).of(ScoreAspect.SECOND_FACE).orElseThrow().isPassed(),
        "a face on a wall is no second person");
  }

  /** One vector for every face that begins at the same column. */
  private static final class ByColumn implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return at(face.box().x() / 100);
    }

    @Override
    public String name() {
      return "by column";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }

  private static Face at(int column, int side) {
    return new Face(
        new BoundingBox(column, 20, side, side),
        1,
        HeadPose.FRONTAL,
        Optional.empty(),
        Optional.empty());
  }

  private static ScoreCard cardOfTwo(Face... faces) {
    FaceDetector detector = new SameFacesDetector(List.of(faces));
    FaceEmbedder eye = new ByColumn();
    Likeness ada = Likeness.of(List.of(at(1.4)), detector, eye);
    Likeness ben = Likeness.of(List.of(at(0.1)), detector, eye);
    return HeadshotScores.of(detector)
        .likeness(List.of(ada, ben), person(Optional.of(Consent.synthetic())))
        .score(IMAGE);
  }

  @Test
  void measuresEachOfSeveralPeopleOnTheirOwnFace() {
    ScoreCard card = cardOfTwo(at(10, 96), at(130, 90));
    List<ScoreCard.Score> people = card.scores().stream()
        .filter(score -> score.aspect() == ScoreAspect.LIKENESS)
        .toList();
    assertEquals(List.of(1, 2), people.stream().map(ScoreCard.Score::person).toList());
    assertEquals(Math.cos(0.1), people.get(0).value(), 1e-6);
    assertEquals(1, people.get(1).value(), 1e-6);
    assertEquals(people.get(0), card.of(ScoreAspect.LIKENESS).orElseThrow(), "the lowest counts");
    assertEquals(
        "likeness of person 1 passed (0.995, limit 0.500)", people.get(0).reason());
    assertEquals(0, card.of(ScoreAspect.SECOND_FACE).orElseThrow().value(), "two are wanted");
    List<Map<String, Object>> entries = card.asList().stream()
        .filter(entry -> entry.get("aspect").equals("likeness"))
        .toList();
    assertEquals(
        List.of(1, 2), entries.stream().map(entry -> entry.get("person")).toList());
    assertTrue(card.asList().stream()
        .filter(entry -> !entry.get("aspect").equals("likeness"))
        .noneMatch(entry -> entry.containsKey("person")));
  }

  @Test
  void failsAPersonWhoIsMissingOrUnlike() {
    ScoreCard alone = cardOfTwo(at(10, 96));
    ScoreCard.Score missing = alone.of(ScoreAspect.LIKENESS).orElseThrow();
    assertEquals(1, missing.person());
    assertEquals(
        "no face was found to measure it on (likeness of person 1 none, limit 0.500)",
        missing.reason());
    ScoreCard.Score unlike =
        cardOfTwo(at(10, 96), at(20, 90)).of(ScoreAspect.LIKENESS).orElseThrow();
    assertEquals(
        "no face looks like person 1 (likeness of person 1 0.362, limit 0.500)", unlike.reason());
    ScoreCard three = cardOfTwo(at(10, 96), at(130, 90), at(60, 80));
    assertFalse(three.of(ScoreAspect.SECOND_FACE).orElseThrow().isPassed());
    assertThrows(IllegalArgumentException.class, () -> HeadshotScores.of(SEEING).people(0));
  }

  @Test
  void findsTextInImagesOfAnyShape() {
    Face face = new Face(
        new BoundingBox(5, 5, 30, 30), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    for (int[] size : new int[][] {{40, 1024}, {1024, 40}}) {
      RgbImage grey = RgbImage.of(size[0], size[1], new byte[size[0] * size[1] * 3]);
      double text = assertTimeoutPreemptively(
          Duration.ofSeconds(60), () -> HeadshotScores.measure(ScoreAspect.TEXT, grey, face));
      assertEquals(0, text, 1e-9);
    }
  }

  @Test
  void isFiniteForAPerfectLikenessLimit() {
    assertEquals(0.5, new ScoreCard.Score(ScoreAspect.LIKENESS, 1, 1, true).quality());
    assertEquals(0, new ScoreCard.Score(ScoreAspect.LIKENESS, 0.9, 1, false).quality());
  }

  private static ScoreCard beside(int side) {
    Face own = SEEING.detect(IMAGE).get(0);
    Face other = new Face(
        new BoundingBox(0, 0, Math.max(1, side), Math.max(1, side)),
        1,
        HeadPose.FRONTAL,
        Optional.empty(),
        Optional.empty());
    return HeadshotScores.of(new SameFacesDetector(side == 0 ? List.of(own) : List.of(own, other)))
        .score(IMAGE);
  }

  private static ScoreCard card(FaceDetector detector) {
    Likeness measure = Likeness.of(List.of(at(0.3), at(0.6), at(0.9)), detector, new Same(true));
    return HeadshotScores.of(SEEING).likeness(measure, 0.5).score(IMAGE);
  }

  @Test
  void hasNoLimitOfLikenessForRealPeopleByAJudgeOfRenderedFaces() {
    for (boolean photographs : new boolean[] {false, true}) {
      for (Consent consent : List.of(
          Consent.synthetic(),
          Consent.synthetic().limitedTo(Purpose.HEADSHOTS),
          Consent.of("Ada: yes"))) {
        FaceEmbedder judge = new Same(photographs);
        Identity person = person(Optional.of(consent));
        boolean limited = photographs || consent.isSynthetic();
        assertEquals(limited, FaceEmbeddings.canJudge(judge, person));
        Likeness measure = Likeness.of(List.of(at(0.3), at(1.6), at(2.9)), SEEING, judge);
        ScoreCard card = HeadshotScores.of(SEEING).likeness(measure, person).score(IMAGE);
        ScoreCard.Score score = card.of(ScoreAspect.LIKENESS).orElseThrow();
        assertEquals(limited, score.hasLimit());
        assertEquals(limited ? measure.threshold() : Double.NEGATIVE_INFINITY, score.threshold());
        assertEquals(!limited, entry(card).get("threshold") == null);
        assertTrue(limited || score.isPassed(), "no limit fails nobody");
      }
    }
    assertFalse(
        FaceEmbeddings.canJudge(new Same(false), person(Optional.empty())),
        "a person without a known consent may be real");
  }

  private static Identity person(Optional<Consent> consent) {
    return new Identity() {
      @Override
      public Adapter at(double weight) {
        throw new UnsupportedOperationException();
      }

      @Override
      public String phrase() {
        return "a woman";
      }

      @Override
      public Optional<Consent> consent() {
        return consent;
      }
    };
  }

  private static Map<String, Object> entry(ScoreCard card) {
    return card.asList().stream()
        .filter(score -> score.get("aspect").equals("likeness"))
        .findFirst()
        .orElseThrow();
  }

  private static float[] at(double angle) {
    return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
  }

  private static RgbImage noise() {
    byte[] rgb = new byte[256 * 256 * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(256, 256, rgb);
  }
}
