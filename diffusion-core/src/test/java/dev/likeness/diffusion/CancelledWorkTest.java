package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.CancelledHalfway;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every long operation stops at its next part: a layer, a block, a tile, a tensor of a file. */
@ExtendWith(NoTensorLeaks.class)
class CancelledWorkTest {
  private static final String SD1 = "sd1/base";
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo").steps(1).size(32, 32).seed(3);

  @TempDir
  private Path scratch;

  private Path folder(String name) {
    return PipelineFolder.any(name, scratch);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {SD1, "sd1/four-levels", "flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void generation(String name) {
    try (BaseModel base = BaseModel.open(folder(name), Compute.EXACT)) {
      base.generate(REQUEST);
      CancelledHalfway.stops(100, () -> base.generate(REQUEST));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {SD1, "sd1/four-levels", "flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void loadingOfWeights(String name) {
    Path folder = folder(name);
    CancelledHalfway.stopsAnywhere(40, () -> {
      try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
        base.generate(REQUEST);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {SD1, "flux/dev", "zimage/turbo"})
  void quantisingOfWeights(String name) {
    Path folder = folder(name);
    MemoryBudget budget = MemoryBudget.unlimited().size(32, 32).allow8Bit(EightBits.WEIGHTS);
    CancelledHalfway.stops(100, () -> {
      try (BaseModel base = BaseModel.open(ModelFiles.of(folder), Compute.EXACT, budget)) {
        base.generate(REQUEST);
      }
    });
  }

  @Test
  void encodingOfAnImage() {
    RgbImage image = RgbImage.of(64, 64, new byte[64 * 64 * 3]);
    try (BaseModel base = BaseModel.open(folder(SD1), Compute.EXACT)) {
      base.encode(image);
      CancelledHalfway.stops(20, () -> base.encode(image));
    }
  }

  @Test
  void encodingOfTheInitialImage() {
    RgbImage image = RgbImage.of(64, 64, new byte[64 * 64 * 3]);
    ImageRequest request =
        REQUEST.size(64, 64).initialImage(InitialImage.of(image).strength(1));
    try (BaseModel base = BaseModel.open(folder(SD1), Compute.EXACT)) {
      base.generate(request);
      CancelledHalfway.stops(100, () -> base.generate(request));
    }
  }

  @Test
  void decodingInTiles() {
    ImageRequest request = REQUEST.size(96, 96);
    try (BaseModel base = BaseModel.open(folder(SD1), Compute.EXACT)) {
      ImageRequest inTiles = request.tiling(TilingOptions.NONE.withVaeTiling());
      base.generate(request);
      int whole = CancelledHalfway.stops(100, () -> base.generate(request));
      base.generate(inTiles);
      int tiled = CancelledHalfway.stops(100, () -> base.generate(inTiles));
      assertFalse(tiled < whole + 10, whole + " parts, in tiles " + tiled);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {SD1, "sd1/four-levels"})
  void encodingOfText(String name) {
    try (BaseModel base = BaseModel.open(folder(name), Compute.EXACT)) {
      base.encode(REQUEST);
      CancelledHalfway.stops(10, () -> base.encode(REQUEST));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {SD1, "sd1/four-levels"})
  void conversionLeavesNoFile(String name) throws IOException {
    Path folder = folder(name);
    Path out = scratch.resolve("out").resolve("one.safetensors");
    CancelledHalfway.stopsAnywhere(20, () -> CheckpointConverter.convert(folder, out, DType.F16));
    try (Stream<Path> left = Files.list(out.getParent())) {
      // The first, complete run wrote the file; the cancelled one replaced nothing.
      assertEquals(List.of(out), left.toList());
    }
  }

  @Test
  void theCancellationOfARunReachesTheLayers() {
    try (BaseModel base = BaseModel.open(folder(SD1), Compute.EXACT)) {
      Cancellation stop = new Cancellation();
      Progress progress = event -> {
        if (event instanceof ProgressEvent.Phase phase && phase.name().equals("sample")) {
          stop.cancel();
        }
      };
      AtomicInteger partsAfter = new AtomicInteger();
      assertThrows(
          CancelledException.class,
          () -> CurrentWork.run(
              () -> partsAfter.addAndGet(stop.isCancelled() ? 1 : 0),
              () -> base.generateAll(REQUEST, new Run(progress, stop))));
      assertEquals(1, partsAfter.get(), "the first part after the cancellation asks and ends");
    }
  }

  @Test
  void anImageIsDeliveredWholeAlthoughTheRestIsCancelled() {
    try (BaseModel base = BaseModel.open(folder(SD1), Compute.EXACT)) {
      Cancellation stop = new Cancellation();
      AtomicInteger delivered = new AtomicInteger();
      assertThrows(
          CancelledException.class,
          () -> base.generateEach(
              List.of(REQUEST, REQUEST.seed(4).size(64, 64)),
              image -> {
                stop.cancel();
                CurrentWork.throwIfCancelled();
                delivered.incrementAndGet();
              },
              Run.of(stop)));
      assertEquals(1, delivered.get());
    }
  }
}
