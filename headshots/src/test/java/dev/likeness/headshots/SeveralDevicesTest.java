package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One queue over two bases of the same model, which stand for two GPUs. */
@Timeout(120)
class SeveralDevicesTest {
  private static final GenerationQueue.Options ONE_EACH =
      GenerationQueue.Options.defaults().workers(1).memoryBytes(10);

  @TempDir
  private Path folder;

  @Test
  void spreadsJobsOverDevicesAndKeepsTheirPixels() throws Exception {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    try (BaseModel first = BaseModel.open(files, Compute.EXACT);
        BaseModel second = BaseModel.open(files, Compute.EXACT);
        LoraPerson ada = trained(first)) {
      List<HeadshotStudio> studios = List.of(HeadshotStudio.on(first), HeadshotStudio.on(second));
      meetOnBoth(studios);
      List<ShootRequest> requests = IntStream.range(0, 4)
          .mapToObj(seed ->
              ShootRequest.of(List.of(Style.named("studio")), 1).steps(2).seed(seed))
          .toList();
      try (GenerationQueue queue = GenerationQueue.acrossDevices(
          studios, GenerationQueue.Options.defaults().workers(1))) {
        List<GenerationJob<Shoot>> jobs =
            requests.stream().map(request -> queue.shoot(ada, request)).toList();
        for (int i = 0; i < jobs.size(); i++) {
          assertEquals(
              images(studios.get(0).shoot(ada, requests.get(i))),
              images(jobs.get(i).get()));
        }
      }
    }
  }

  /** Both jobs need all memory of a device, and end only if they run at the same time. */
  private static void meetOnBoth(List<HeadshotStudio> studios) throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    GenerationJob.DeviceTask<HeadshotStudio> meet = (studio, run) -> {
      both.countDown();
      try {
        both.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return studio;
    };
    try (GenerationQueue queue = GenerationQueue.acrossDevices(studios, ONE_EACH)) {
      GenerationJob<HeadshotStudio> one =
          queue.submitOnDevice(meet, 10, 0, Progress.SILENT, Duration.ZERO);
      GenerationJob<HeadshotStudio> other =
          queue.submitOnDevice(meet, 10, 0, Progress.SILENT, Duration.ZERO);
      assertEquals(Set.copyOf(studios), Set.of(one.get(), other.get()));
    }
  }

  @Test
  void needsAStudio() {
    assertEquals(
        "a queue needs at least 1 studio, got none",
        assertThrows(
                IllegalArgumentException.class,
                () -> GenerationQueue.acrossDevices(List.of(), ONE_EACH))
            .getMessage());
  }

  private static List<RgbImage> images(Shoot shoot) {
    return shoot.headshots().stream().map(Headshot::image).toList();
  }

  private static LoraPerson trained(BaseModel base) {
    return new LoraTrainer(TrainingSettings.quick().steps(2))
        .train(
            base,
            List.of(RgbImage.of(32, 32, new byte[32 * 32 * 3])),
            PersonToken.of("woman").consent("Ada: yes"),
            Run.silent());
  }
}
