package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.likeness.Likeness;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelectionTest {
  private static final int SIDE = 32;
  private static final double ALIKE = 0.9;
  private static final double UNLIKE = 0.2;

  @TempDir
  private static Path folder;

  private static BaseModel base;
  private static LoraPerson ada;

  @BeforeAll
  static void train() {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
    ada = new LoraTrainer(TrainingSettings.quick().steps(2))
        .train(
            base,
            List.of(RgbImage.of(SIDE, SIDE, new byte[SIDE * SIDE * 3])),
            PersonToken.of("woman").consent("Ada: yes"),
            Run.silent());
  }

  @AfterAll
  static void close() {
    ada.close();
    base.close();
  }

  @Test
  void keepsARegeneratedFaceWithHigherLikeness() {
    SelectionResult.Candidate mended = candidate(0, UNLIKE, ALIKE);
    assertTrue(
        mended.hasRegeneratedFace() && Double.isNaN(mended.guidanceLikeness()), "nothing holds it");
    assertEquals(ALIKE, mended.card().of(ScoreAspect.LIKENESS).orElseThrow().value(), 1e-6);
    Headshot plain = HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0);
    assertNotEquals(plain.image(), mended.headshot().image());
    assertEquals(
        plain.image().crop(0, 0, SIDE, 2),
        mended.headshot().image().crop(0, 0, SIDE, 2),
        "only the face is drawn again");
  }

  @Test
  void dropsARegeneratedFaceWithLowerLikeness() {
    SelectionResult.Candidate blurred = candidate(1, ALIKE, UNLIKE);
    assertFalse(blurred.hasRegeneratedFace());
    assertEquals(
        HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0).image(),
        blurred.headshot().image());
    assertEquals(ALIKE, blurred.card().of(ScoreAspect.LIKENESS).orElseThrow().value(), 1e-6);
  }

  @Test
  void regeneratesNothingWithoutRepairableFailures() {
    SelectionResult.Candidate fine = candidate(0, ALIKE);
    assertFalse(fine.hasRegeneratedFace());
  }

  @Test
  void refusesToSelectNothingAndToValidateNever() {
    assertEquals(
        "the number of images to select must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> SelectionResult.of(List.of(), 0))
            .getMessage());
    PersonTrainer trainer = HeadshotStudio.on(base).trainer();
    FaceEmbedder embedder = new QueuedCosines(ALIKE);
    assertEquals(
        "the validation interval must be at least 1 step, got 0",
        assertThrows(IllegalArgumentException.class, () -> trainer.validation(0, embedder))
            .getMessage());
  }

  @Test
  void scoresThePixelsThatAreDelivered() {
    List<RgbImage> scored = new ArrayList<>();
    Middle middle = new Middle(scored);
    GeneratedImage.Marking inverting = marking(SelectionTest::inverted);
    List<SelectionResult.Candidate> candidates = Selection.of(
            HeadshotStudio.on(base),
            middle,
            HeadshotScores.of(middle).limits(lenient(ScoreLimits.builtIn())))
        .delivery(SelectionTest::upperHalf)
        .marking(inverting)
        .candidates(ada, request());

    Headshot generated =
        HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0);
    RgbImage cropped = generated.image().crop(0, 0, SIDE, SIDE / 2);
    assertEquals(List.of(inverted(cropped)), scored);
    assertEquals(
        cropped,
        candidates.get(0).headshot().image(),
        "the candidate is not marked twice when it is written");
  }

  @Test
  void scoresTheBestByThePixelsThatAreWritten() {
    List<RgbImage> scored = new ArrayList<>();
    Middle middle = new Middle(scored);
    Shoot shoot = HeadshotStudio.on(base).shoot(ada, request());

    shoot.best(1, HeadshotScores.of(middle));

    GeneratedImage.Marking marking = GeneratedImage.Marking.load();
    assertEquals(List.of(RgbImage.read("the file", shoot.headshots().get(0).encodePng())), scored);
    assertEquals(shoot.headshots().get(0).marked(marking), scored.get(0));
  }

  @Test
  void readsThePixelsOfAMarkingFromItsFile() {
    RgbImage image = RgbImage.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});
    assertEquals(inverted(image), marking(SelectionTest::inverted).markPixels(image, false));
    assertSame(image, GeneratedImage.Marking.PLAIN.markPixels(image, true));
  }

  /** A marking that changes pixels, and leaves {@code markPixels} to the interface. */
  private static GeneratedImage.Marking marking(UnaryOperator<RgbImage> change) {
    return (image, format, edited) -> change.apply(image).toPng();
  }

  private static RgbImage inverted(RgbImage image) {
    byte[] rgb = image.rgb();
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ~rgb[i];
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }

  private static Headshot upperHalf(Headshot shot) {
    RgbImage image = shot.image();
    return new Headshot(
        image.crop(0, 0, image.width(), image.height() / 2),
        shot.style(),
        shot.seed(),
        shot.request(),
        shot.identityStrength());
  }

  private static ScoreLimits lenient(ScoreLimits limits) {
    ScoreLimits wide = limits;
    for (ScoreAspect aspect : ScoreAspect.values()) {
      wide = aspect == ScoreAspect.FACE || aspect == ScoreAspect.LIKENESS
          ? wide
          : wide.with(aspect, 1e9);
    }
    return wide;
  }

  @Test
  void stopsWhileItScoresAndReportsItOnce() {
    Cancellation cancellation = new Cancellation();
    List<ProgressEvent> events = new ArrayList<>();
    Progress progress = event -> {
      events.add(event);
      if (event instanceof ProgressEvent.Phase phase && phase.name().equals("choose")) {
        cancellation.cancel();
      }
    };
    assertThrows(
        CancelledException.class,
        () -> selection(0, ALIKE, ALIKE).shoot(ada, request(), 1, new Run(progress, cancellation)));
    assertInstanceOf(ProgressEvent.Cancelled.class, events.get(events.size() - 1));
    assertEquals(
        1,
        events.stream()
            .filter(event -> event instanceof ProgressEvent.Cancelled
                || event instanceof ProgressEvent.Done
                || event instanceof ProgressEvent.Failed)
            .count());
  }

  /** What comes of one image whose likeness is {@code likenesses}, drawn first and drawn again. */
  private static SelectionResult.Candidate candidate(int blurred, double... likenesses) {
    return selection(blurred, likenesses)
        .candidates(ada, request(), Run.silent())
        .get(0);
  }

  private static ShootRequest request() {
    return ShootRequest.of(Style.named("studio"), 1).steps(3);
  }

  /**
   * One whose images all fail sharpness where they are {@code blurred}, and nothing else but
   * unlikeness.
   */
  private static Selection selection(int blurred, double... likenesses) {
    ScoreLimits limits = lenient(ScoreLimits.builtIn());
    FaceDetector middle = new Middle(new ArrayList<>());
    Likeness likeness =
        Likeness.of(List.of(new float[] {1, 0}), middle, new QueuedCosines(likenesses));
    return Selection.of(
        HeadshotStudio.on(base),
        middle,
        HeadshotScores.of(middle)
            .limits(limits.with(ScoreAspect.SHARPNESS, blurred == 1 ? 0 : 1e9))
            .likeness(likeness, 0.5));
  }

  /** Sees a face in the middle of every image. */
  private record Middle(List<RgbImage> seen) implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      seen.add(image);
      double side = image.width();
      return List.of(new Face(
          new BoundingBox(0.3 * side, 0.3 * side, 0.4 * side, 0.4 * side),
          1,
          HeadPose.FRONTAL,
          Optional.empty(),
          Optional.empty()));
    }

    @Override
    public String name() {
      return "middle";
    }

    @Override
    public void close() {}
  }

  /** Sees faces that are as near to the first axis as it was told, one after the other. */
  private static final class QueuedCosines implements FaceEmbedder {
    private final Deque<Double> cosines = new ArrayDeque<>();

    QueuedCosines(double... cosines) {
      for (double cosine : cosines) {
        this.cosines.add(cosine);
      }
    }

    @Override
    public float[] embed(RgbImage image, Face face) {
      double cosine = cosines.remove();
      return new float[] {(float) cosine, (float) Math.sqrt(1 - cosine * cosine)};
    }

    @Override
    public String name() {
      return "told";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }
}
