package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseModelSteadyStateTest {
  private static final ImageRequest SMALL =
      ImageRequest.of("a photo").steps(2).guidance(3).size(32, 32);

  @Test
  void twelveImagesLeakNoNativeObject(@TempDir Path parent) throws IOException {
    LibTorch.load();
    long before = Pointer.totalCount();
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      generate(base, 3);
      long handles = Pointer.totalCount();
      generate(base, 12);
      assertEquals(handles, Pointer.totalCount(), "native objects after 12 more images");
    }
    assertEquals(before, Pointer.totalCount(), "native objects after the model was closed");
  }

  @Test
  @Tag("slow")
  void twoHundredImagesLeakNothing(@TempDir Path parent) throws IOException {
    LibTorch.load();
    long before = Pointer.totalCount();
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      generate(base, 40);
      long handles = Pointer.totalCount();
      long[] resident = new long[5];
      resident[0] = residentKib();
      for (int i = 1; i < resident.length; i++) {
        generate(base, 50);
        resident[i] = residentKib();
      }
      assertEquals(handles, Pointer.totalCount(), "native objects after 200 more images");
      // One latent an image leaked would be 3.3 MiB in every fifty; the heap's own breathing is
      // not in all of them.
      long grown = IntStream.range(1, resident.length)
          .mapToLong(i -> resident[i] - resident[i - 1])
          .min()
          .orElseThrow();
      assertTrue(
          grown < 2 * 1024,
          "every fifty images grew what is resident: " + Arrays.toString(resident) + " KiB");
    }
    assertEquals(before, Pointer.totalCount(), "native objects after the model was closed");
  }

  @Test
  void fourThreadsGenerateTheImagesOfOne(@TempDir Path parent) throws Exception {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      List<byte[]> alone = new ArrayList<>();
      for (int seed = 0; seed < 8; seed++) {
        alone.add(base.generate(SMALL.seed(seed)).image().rgb());
      }
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Future<byte[]>> together = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
          ImageRequest request = SMALL.seed(seed);
          together.add(threads.submit(() -> base.generate(request).image().rgb()));
        }
        for (int seed = 0; seed < 8; seed++) {
          assertArrayEquals(alone.get(seed), together.get(seed).get());
        }
      } finally {
        threads.shutdown();
      }
    }
  }

  private static void generate(BaseModel base, int count) {
    for (int i = 0; i < count; i++) {
      base.generate(SMALL.seed(i));
    }
  }

  private static long residentKib() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(
        Files.exists(status), "resident memory is read from /proc, which this system has not");
    System.gc();
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
