package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Calls of the supported API that a user may understand in two ways. */
class ApiTrapsTest {
  private static final RgbImage IMAGE = RgbImage.of(1, 1, new byte[] {1, 2, 3});

  @Nested
  @ExtendWith(NoTensorLeaks.class)
  class Generating {
    private static final ImageRequest REQUEST =
        ImageRequest.of("a photo of a cat").steps(2).size(32, 24).seed(4).guidance(1);

    @Test
    void aCallThatReturnsOneImageRefusesARequestForSeveral(@TempDir Path scratch) {
      try (BaseModel base = open(scratch)) {
        IllegalArgumentException refused =
            assertThrows(IllegalArgumentException.class, () -> base.generate(REQUEST.count(3)));
        assertEquals(
            "generate(request) returns one image, but the request asks for 3; call"
                + " generateAll(request), or set count(1)",
            refused.getMessage());
        List<GeneratedImage> all = base.generateAll(REQUEST.count(3));
        assertEquals(List.of(4L, 5L, 6L), all.stream().map(GeneratedImage::seed).toList());
        // Some processors round otherwise in another batch.
        assertArrayEquals(base.generate(REQUEST).pixels(), all.get(0).pixels(), 1e-4f);
        List<ProgressEvent> events = new ArrayList<>();
        assertArrayEquals(
            all.get(1).pixels(),
            base.generateAll(REQUEST.count(2), Run.of(events::add)).get(1).pixels(),
            1e-4f);
        assertInstanceOf(ProgressEvent.Done.class, events.get(events.size() - 1));
      }
    }

    @Test
    void aFutureOfImagesCanBeCancelled(@TempDir Path scratch) throws Exception {
      ExecutorService executor = Executors.newSingleThreadExecutor();
      try (BaseModel base = open(scratch)) {
        assertEquals(
            base.generate(REQUEST).image(),
            base.generateAllAsync(REQUEST, executor).join().get(0).image());
        CompletionException failed = assertThrows(
            CompletionException.class,
            () -> base.generateAllAsync(REQUEST.size(33, 24), executor).join());
        assertInstanceOf(IllegalArgumentException.class, failed.getCause());

        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        AtomicReference<ProgressEvent> last = new AtomicReference<>();
        CompletableFuture<List<GeneratedImage>> stopped = base.generateAllAsync(
            REQUEST.steps(50),
            Run.of(event -> {
              last.set(event);
              started.countDown();
              await(mayGoOn);
            }),
            executor);
        await(started);
        assertTrue(stopped.cancel(true));
        mayGoOn.countDown();
        executor.shutdown();
        assertTrue(executor.awaitTermination(1, TimeUnit.MINUTES));
        assertInstanceOf(ProgressEvent.Cancelled.class, last.get());
      } finally {
        executor.shutdownNow();
      }
    }

    private static void await(CountDownLatch latch) {
      try {
        assertTrue(latch.await(1, TimeUnit.MINUTES));
      } catch (InterruptedException e) {
        throw new CancelledException("interrupted");
      }
    }

    private static BaseModel open(Path scratch) {
      return BaseModel.open(
          GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
          Compute.EXACT);
    }
  }

  @Nested
  class Arrays {
    @Test
    void aGeneratedImageKeepsItsPixelsAndIsEqualByValue() {
      float[] pixels = {0, 0.5f, 1};
      GeneratedImage image = generated(pixels);
      pixels[0] = 9;
      image.pixels()[1] = 9;
      assertArrayEquals(new float[] {0, 0.5f, 1}, image.pixels());
      assertEquals(generated(new float[] {0, 0.5f, 1}), image);
      assertEquals(generated(new float[] {0, 0.5f, 1}).hashCode(), image.hashCode());
      assertNotEquals(generated(new float[] {0, 0.5f, 0}), image);
      assertEquals("1x1 image generated with seed 7", image.toString());
    }

    @Test
    void aTextualInversionKeepsItsValues() {
      float[] values = {1, 2};
      TextualInversion inversion = new TextualInversion("<ada>", Map.of(2, values));
      values[0] = 9;
      inversion.values().get(2)[0] = 9;
      inversion.forWidth(2)[0] = 9;
      inversion.byTextEncoder().get("clip_l")[0] = 9;
      assertArrayEquals(new float[] {1, 2}, inversion.forWidth(2));
      assertEquals(new TextualInversion("<ada>", Map.of(2, new float[] {1, 2})), inversion);
    }

    @Test
    void anImageKeepsItsBytes() {
      byte[] rgb = {1, 2, 3};
      RgbImage image = RgbImage.of(1, 1, rgb);
      rgb[0] = 9;
      image.rgb()[1] = 9;
      assertEquals(IMAGE, image);
    }
  }

  @Test
  void devicesHaveTypedFactories() {
    assertEquals(Compute.EXACT, Compute.cpu(DType.F32));
    assertEquals(new Compute("cuda:1", DType.BF16), Compute.cuda(1, DType.BF16));
    assertThrows(IllegalArgumentException.class, () -> Compute.cuda(-1, DType.BF16));
    assertThrows(IllegalArgumentException.class, () -> Compute.cpu(DType.F16));
  }

  @Test
  void oneRootCatchesAllExceptionsOfTheLibrary() {
    for (LikenessException each : List.of(
        new InvalidInputException("a file"),
        new ResourceLimitException("memory"),
        new CancelledException("stopped"))) {
      assertEquals(RuntimeException.class, LikenessException.class.getSuperclass(), each::toString);
    }
    assertThrows(LikenessException.class, () -> Consent.require((Consent) null, Purpose.TRAINING));
  }

  @Test
  void refusesANullTextAsAnyNullArgument() {
    assertEquals(
        "the prompt is null; give an empty text for no prompt",
        assertThrows(NullPointerException.class, () -> ImageRequest.of(null)).getMessage());
    assertThrows(NullPointerException.class, () -> Consent.of(null));
  }

  @Nested
  class Markings {
    @Test
    void aProgramChoosesTheMarkingOfAFile(@TempDir Path folder) throws Exception {
      GeneratedImage image = generated(new float[] {0, 0.5f, 1});
      GeneratedImage.Marking own = (generated, format, edited) -> new byte[] {42};
      assertArrayEquals(new byte[] {42}, image.toPng(own));
      assertArrayEquals(IMAGE.toPng(), image.toPng(GeneratedImage.Marking.PLAIN));
      assertArrayEquals(IMAGE.toPng(), image.toPng(GeneratedImage.Marking.named("plain")));
      image.write(folder.resolve("own.png"), own);
      assertArrayEquals(new byte[] {42}, Files.readAllBytes(folder.resolve("own.png")));
    }

    @Test
    void anUnknownMarkingIsRefusedByName() {
      assertEquals(
          "no marking on the class path is called \"nonesuch\"; known: [plain]",
          assertThrows(
                  IllegalArgumentException.class, () -> GeneratedImage.Marking.named("nonesuch"))
              .getMessage());
    }
  }

  private static GeneratedImage generated(float[] pixels) {
    Latents latents = new Latents(new float[] {1}, 1, 1, 1);
    return new GeneratedImage(
        IMAGE, 7, ImageRequest.of("cat"), latents, pixels, false, Optional.empty());
  }
}
