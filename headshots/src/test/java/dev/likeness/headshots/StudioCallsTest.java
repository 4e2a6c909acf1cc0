package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short forms of a program: review, shoot, keep the best, and queue images. */
class StudioCallsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo of a cat").steps(2).size(32, 24).guidance(1);

  @TempDir
  private static Path folder;

  private static BaseModel base;

  @BeforeAll
  static void open() {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
  }

  @AfterAll
  static void close() {
    base.close();
  }

  @Test
  void keepsTheBestHeadshotsThatShowAFace(@TempDir Path out) {
    Headshot noise = headshot(RgbImage.of(64, 64, new byte[64 * 64 * 3]), 7);
    Shoot shoot = new Shoot(
        ShootRequest.of(Style.named("studio"), 3),
        List.of(headshot(selfie(0), 1), noise, headshot(selfie(1), 2)));
    List<Headshot> best = shoot.best(3);
    assertEquals(2, best.size());
    assertFalse(best.contains(noise));
    assertEquals(best.subList(0, 1), shoot.best(1));
    assertThrows(IllegalArgumentException.class, () -> shoot.best(0));
    best.forEach(each -> each.write(out));
    assertTrue(Files.exists(out.resolve("studio-1.png")));
    assertTrue(Files.exists(out.resolve("studio-2.png")));
  }

  @Test
  void reviewsPhotoFilesWithTheStudiosDetector(@TempDir Path photos) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : Selfies.names()) {
      files.add(Files.write(photos.resolve(name), Selfies.read(name)));
    }
    PhotoReview review = HeadshotStudio.on(base).review(PhotoSet.ofFiles(files));
    assertEquals(3, review.photos().size());
    assertEquals(Optional.empty(), review.comparedBy());
    for (boolean photographs : new boolean[] {false, true}) {
      HeadshotStudio judging = HeadshotStudio.on(base).embedder(judge(photographs));
      assertEquals(
          photographs ? Optional.of("judge") : Optional.empty(),
          judging.review(PhotoSet.ofFiles(files)).comparedBy(),
          "a judge of rendered faces compares no photos");
    }
    Counting detector = new Counting();
    Path[] one = {files.get(0)};
    assertThrows(
        LikenessException.class,
        () -> HeadshotStudio.on(base).detector(detector).review(PhotoSet.of(one)));
    assertTrue(detector.images > 0);
    assertEquals(0, detector.closed);
  }

  private static FaceEmbedder judge(boolean photographs) {
    return new FaceEmbedder() {
      @Override
      public float[] embed(RgbImage image, Face face) {
        return new float[] {1, 0};
      }

      @Override
      public String name() {
        return "judge";
      }

      @Override
      public double samePersonThreshold() {
        return 0.5;
      }

      @Override
      public boolean isTrainedOnPhotographs() {
        return photographs;
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void queuesImagesOfOneBase() {
    try (GenerationQueue queue = GenerationQueue.on(base, MemoryBudget.of("10 GiB"))) {
      List<ImageRequest> requests = List.of(REQUEST.seed(1), REQUEST.seed(2), REQUEST.steps(50));
      List<GenerationJob<GeneratedImage>> jobs =
          requests.stream().map(queue::submit).toList();
      assertTrue(jobs.get(2).cancel());
      assertEquals(
          base.generate(REQUEST.seed(2)).image(),
          jobs.get(1).result().orElseThrow().image());
      assertTrue(jobs.get(0).result().isPresent());
      assertTrue(jobs.get(2).result().isEmpty());
      assertThrows(IllegalArgumentException.class, () -> queue.submit(REQUEST.count(2)));
      assertThrows(
          IllegalArgumentException.class, () -> queue.submit(REQUEST.scheduler("none such")));
    }
  }

  @Test
  void refusesAnImageAboveTheBudget() {
    try (GenerationQueue queue = GenerationQueue.on(base, MemoryBudget.of("1 kB"))) {
      assertThrows(ResourceLimitException.class, () -> queue.submit(REQUEST));
    }
  }

  private static RgbImage selfie(int index) {
    String name = Selfies.names().get(index);
    return RgbImage.read(name, Selfies.read(name));
  }

  private static Headshot headshot(RgbImage image, long seed) {
    return new Headshot(image, Style.named("studio"), seed, ImageRequest.of("x"), 1);
  }

  private static final class Counting implements FaceDetector {
    private int images;
    private int closed;

    @Override
    public List<Face> detect(RgbImage image) {
      images++;
      return List.of();
    }

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public void close() {
      closed++;
    }
  }
}
