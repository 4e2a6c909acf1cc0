package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class PreviewDecoderTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(4).size(32, 24).seed(4).guidance(4).scheduler("Euler");

  @TempDir
  private Path scratch;

  @Test
  void reportsImagesOfEveryRowAndTheLastIsTheResult() {
    Path folder = folder("base");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        PreviewDecoder previews = PreviewDecoder.open(folder.resolve("vae"), Compute.EXACT)) {
      List<List<RgbImage>> seen = new ArrayList<>();
      List<Integer> rows = new CopyOnWriteArrayList<>();
      ImageRequest patient = REQUEST
          .count(2)
          .hooks(EngineHooks.ofListener(
              (step, of, latents, denoised) -> await(() -> rows.size() == step.index())));
      ImageRequest watched = previews.attach(patient, 1, (row, pictures) -> {
        seen.add(pictures);
        rows.add(row);
      });
      List<GeneratedImage> images = base.generateAll(watched, Run.silent());
      assertEquals(List.of(1, 2, 3, 4), rows);
      assertEquals(
          2,
          seen.get(3).size(),
          "the last row of Euler ends at what the network takes the image to be");
      assertAlike(images.get(0).image(), seen.get(3).get(0));
      assertAlike(images.get(1).image(), seen.get(3).get(1));
      assertEquals(
          base.generate(REQUEST).image(), images.get(0).image(), "watching changes nothing");
    }
  }

  @Test
  void reportsEveryNthRow() {
    Path folder = folder("base");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        PreviewDecoder previews = PreviewDecoder.open(folder.resolve("vae"), Compute.EXACT)) {
      List<Integer> rows = new CopyOnWriteArrayList<>();
      ImageRequest patient = REQUEST.hooks(EngineHooks.ofListener(
          (step, of, latents, denoised) -> await(() -> rows.size() == Math.min(1, step.index()))));
      base.generate(previews.attach(patient, 3, (row, images) -> rows.add(row)));
      assertEquals(List.of(1, 4), rows);
      assertEquals(
          "the preview interval must be at least 1 row of the sampling plan, got 0",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> previews.attach(REQUEST, 0, (row, images) -> {}))
              .getMessage());
    }
  }

  @Test
  void stepsDoNotWaitForASlowListenerWhichGetsTheNewest() {
    AtomicBoolean decoding = new AtomicBoolean();
    List<Integer> rows = new CopyOnWriteArrayList<>();
    Progress progress = event -> {
      if (event instanceof ProgressEvent.Phase phase && phase.name().equals("decode")) {
        decoding.set(true);
      }
    };
    ImageRequest request = REQUEST.hooks(EngineHooks.ofListener(
        (step, of, latents, denoised) -> await(() -> rows.size() == Math.min(1, step.index()))));
    try (Ready ready = new Ready()) {
      ready.base.generateAll(
          ready.previews.attach(request, 1, (row, images) -> {
            rows.add(row);
            await(decoding::get);
          }),
          Run.of(progress));
    }
    assertEquals(List.of(1, 4), rows);
  }

  @Test
  void anExceptionOfAListenerEndsSampling() {
    try (Ready ready = new Ready()) {
      for (int at : new int[] {1, 4}) {
        ImageRequest watched = ready.previews.attach(REQUEST, at == 1 ? 1 : 3, (row, images) -> {
          if (row == at) {
            throw new IllegalStateException("no room for row " + row);
          }
        });
        assertEquals(
            "no room for row " + at,
            assertThrows(IllegalStateException.class, () -> ready.base.generate(watched))
                .getMessage());
      }
    }
  }

  @Test
  void aListenerCannotCloseTheModel() {
    try (Ready ready = new Ready()) {
      ImageRequest watched = ready.previews.attach(REQUEST, 1, (row, images) -> ready.base.close());
      assertTrue(assertThrows(IllegalStateException.class, () -> ready.base.generate(watched))
          .getMessage()
          .contains("would wait for itself"));
    }
  }

  @Test
  void cancelledSamplingWaitsForTheCurrentPreviewOnly() {
    Cancellation stop = new Cancellation();
    List<Integer> rows = new CopyOnWriteArrayList<>();
    List<Integer> done = new CopyOnWriteArrayList<>();
    ImageRequest request = REQUEST.hooks(EngineHooks.ofListener((step, of, latents, denoised) -> {
      await(() -> rows.size() == Math.min(1, step.index()));
      if (step.index() == 2) {
        stop.cancel();
      }
    }));
    try (Ready ready = new Ready()) {
      ImageRequest watched = ready.previews.attach(request, 1, (row, images) -> {
        rows.add(row);
        await(stop::isCancelled);
        LockSupport.parkNanos(50_000_000);
        done.add(row);
      });
      assertThrows(CancelledException.class, () -> ready.base.generateAll(watched, Run.of(stop)));
      assertEquals(List.of(1), done);
      assertEquals(List.of(1), rows);
    }
  }

  @Test
  void refusesAnAutoencoderOfAnotherFamily() {
    Path other = folder("eight-latents").resolve("vae");
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT);
        PreviewDecoder previews = PreviewDecoder.open(other, Compute.EXACT)) {
      ImageRequest watched = previews.attach(REQUEST, 1, (row, images) -> {});
      assertEquals(
          "the preview decoder " + other
              + " takes latents of 8 channels, but this base has 4; give the tiny autoencoder of the base's"
              + " family",
          assertThrows(InvalidInputException.class, () -> base.generate(watched))
              .getMessage());
    }
  }

  @Test
  void decodesWithThePublishedSmallAutoencoder() {
    Path taesd = Material.of("autoencoders/taesd.f8.safetensors");
    try (BaseModel base = BaseModel.open(folder("four-levels"), Compute.EXACT);
        PreviewDecoder previews = PreviewDecoder.open(taesd, Compute.EXACT)) {
      List<RgbImage> seen = new ArrayList<>();
      base.generate(previews.attach(REQUEST.size(64, 48), 4, (row, images) -> seen.addAll(images)));
      assertEquals(
          List.of("64x48"),
          seen.stream().map(image -> image.width() + "x" + image.height()).toList());
    }
  }

  /** Every byte is the same or its neighbour: rounding may fall on the other side. */
  static void assertAlike(RgbImage expected, RgbImage actual) {
    byte[] a = expected.rgb();
    byte[] b = actual.rgb();
    assertEquals(a.length, b.length);
    for (int i = 0; i < a.length; i++) {
      assertEquals(a[i] & 0xff, b[i] & 0xff, 1, "byte " + i);
    }
  }

  /** A small base with previews by its own autoencoder. */
  private final class Ready implements AutoCloseable {
    private final Path folder = folder("base");
    private final BaseModel base = BaseModel.open(folder, Compute.EXACT);
    private final PreviewDecoder previews =
        PreviewDecoder.open(folder.resolve("vae"), Compute.EXACT);

    @Override
    public void close() {
      previews.close();
      base.close();
    }
  }

  /** Waits for what another thread does; gives up after a time that only a dead end takes. */
  private static void await(BooleanSupplier done) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!done.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited in vain");
      LockSupport.parkNanos(1_000_000);
    }
  }

  private Path folder(String variant) {
    return GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, scratch).path();
  }
}
