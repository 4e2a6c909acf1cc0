package dev.likeness.examples.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RecentShootsTest {
  private static final int BYTES = 10 * 10 * 3;

  @TempDir
  private static Path folder;

  private static BaseModel base;

  private final CountDownLatch gate = new CountDownLatch(1);

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
  void evictsTheOldestFinishedShootsAndNoRunningOnes() throws Exception {
    RecentShoots kept = new RecentShoots(2, Long.MAX_VALUE);
    try (GenerationQueue queue =
        GenerationQueue.on(HeadshotStudio.on(base), GenerationQueue.Options.defaults())) {
      String runs = kept.add(submitted(queue, waiting()));
      List<String> done = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        done.add(kept.add(finished(queue, 10)));
      }
      assertEquals(List.of(false, false, false, true), kept(kept, done));
      assertEquals(GenerationJob.State.RUNNING, kept.job(runs).state());
      gate.countDown();
    }
  }

  @Test
  @Timeout(60)
  void evictsByImageBytesInTheOrderOfCompletion() throws Exception {
    RecentShoots kept = new RecentShoots(256, 4 * BYTES);
    try (GenerationQueue queue =
        GenerationQueue.on(HeadshotStudio.on(base), GenerationQueue.Options.defaults())) {
      GenerationJob<Shoot> late = submitted(queue, waiting());
      List<String> ids = new ArrayList<>(List.of(kept.add(late)));
      for (int i = 0; i < 4; i++) {
        ids.add(kept.add(finished(queue, 10)));
      }
      assertEquals(List.of(true, true, true, true, true), kept(kept, ids));
      gate.countDown();
      late.get();
      // What depends on a job is told a moment after whoever waits for it.
      while (kept.job(ids.get(1)) != null) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      assertEquals(List.of(true, false, true, true, true), kept(kept, ids));
      ids.add(kept.add(finished(queue, 1000)));
      assertEquals(List.of(false, false, false, false, false, true), kept(kept, ids));
    }
  }

  @Test
  void givesIdsThatCannotBeGuessed() throws Exception {
    RecentShoots kept = new RecentShoots(256, Long.MAX_VALUE);
    Set<String> ids = new HashSet<>();
    try (GenerationQueue queue =
        GenerationQueue.on(HeadshotStudio.on(base), GenerationQueue.Options.defaults())) {
      GenerationJob<Shoot> job = finished(queue, 10);
      for (int i = 0; i < 100; i++) {
        ids.add(kept.add(job));
      }
    }
    assertEquals(100, ids.size());
    assertTrue(ids.stream().allMatch(id -> id.matches("[0-9a-f]{32}")), ids.toString());
    for (int i = 0; i < 1000; i++) {
      assertNull(kept.job(Integer.toString(i)));
    }
  }

  private static List<Boolean> kept(RecentShoots kept, List<String> ids) {
    return ids.stream().map(id -> kept.job(id) != null).toList();
  }

  private GenerationJob.Task<Shoot> waiting() {
    return run -> {
      try {
        gate.await();
        return imageOf(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  private static GenerationJob<Shoot> finished(GenerationQueue queue, int side) throws Exception {
    GenerationJob<Shoot> job = submitted(queue, run -> imageOf(side));
    job.get();
    return job;
  }

  private static GenerationJob<Shoot> submitted(
      GenerationQueue queue, GenerationJob.Task<Shoot> work) {
    return queue.submit(work, 1, 0, Progress.SILENT, Duration.ZERO);
  }

  private static Shoot imageOf(int side) {
    ShootRequest request = ShootRequest.of(Style.named("studio"), 1);
    RgbImage image = RgbImage.of(side, side, new byte[side * side * 3]);
    return new Shoot(request, List.of(Headshot.of(image, request.styles().get(0), "Ada")));
  }
}
