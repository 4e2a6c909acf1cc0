package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class EightBitCalibrationTest {
  private static final MemoryBudget PRODUCTS =
      MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS);
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo").steps(2).size(32, 32).seed(3);

  @TempDir
  private Path scratch;

  @ParameterizedTest
  @ValueSource(strings = {"sd1/base", "sdxl/base", "sd3/three", "flux/dev", "klein/base"})
  void calibratedBasesGenerateNearlyTheSameImage(String name) {
    assumeVnni();
    Path base = PipelineFolder.any(name, scratch);
    EightBitCalibration calibration =
        EightBitCalibration.measure(ModelFiles.of(base), Compute.EXACT, List.of(REQUEST));
    assertTrue(calibration.layers() > 0);
    Path file = scratch.resolve("calibration.safetensors");
    calibration.write(file);
    float[] exact = generated(ModelFiles.of(base), MemoryBudget.unlimited(), new ArrayList<>());
    List<String> warnings = new ArrayList<>();
    float[] near = generated(ModelFiles.of(base).calibration(file), PRODUCTS, warnings);
    double sum = 0;
    for (int i = 0; i < exact.length; i++) {
      sum += Math.abs(exact[i] - near[i]);
    }
    assertTrue(sum > 0 && sum / exact.length < 0.03, "mean difference " + sum / exact.length);
    assertEquals(List.of(), warnings);
    assertArrayEquals(
        exact,
        generated(
            ModelFiles.of(base).calibration(file), MemoryBudget.unlimited(), new ArrayList<>()),
        "exact types do not read the calibration");
  }

  @Test
  void isFoundBesideItsBase() {
    assumeVnni();
    Path base = PipelineFolder.any("sd1/base", scratch);
    EightBitCalibration calibration =
        EightBitCalibration.measure(ModelFiles.of(base), Compute.EXACT, List.of(REQUEST));
    List<String> warnings = new ArrayList<>();
    float[] without = generated(ModelFiles.of(base), PRODUCTS, warnings);
    assertEquals(
        List.of("8-bit products without a calibration: convolutions are not multiplied in 8 bits;"
            + " likeness calibrate makes a calibration, which is faster"),
        warnings);
    assertEquals(base.resolve("eight-bits.safetensors"), EightBitCalibration.fileFor(base));
    calibration.write(EightBitCalibration.fileFor(base));
    warnings.clear();
    float[] with = generated(ModelFiles.of(base), PRODUCTS, warnings);
    assertEquals(List.of(), warnings);
    assertFalse(Arrays.equals(without, with), "convolutions are in 8 bits too");
    Path single = scratch.resolve("base.v1.safetensors");
    CheckpointConverter.convert(base, single);
    assertEquals(
        scratch.resolve("base.v1.eight-bits.safetensors"), EightBitCalibration.fileFor(single));
    calibration.write(EightBitCalibration.fileFor(single));
    assertArrayEquals(with, generated(ModelFiles.of(single), PRODUCTS, warnings), 1e-5f);
    assertEquals(List.of(), warnings);
  }

  @Test
  void needsACpuAndARequest() {
    Path base = scratch.resolve("none");
    assertEquals(
        "a calibration needs a CPU and at least one request, got cpu and 0 requests",
        assertThrows(
                IllegalArgumentException.class,
                () -> EightBitCalibration.measure(ModelFiles.of(base), Compute.EXACT, List.of()))
            .getMessage());
    assertEquals(
        "a calibration needs a CPU and at least one request, got cuda and 1 requests",
        assertThrows(
                IllegalArgumentException.class,
                () -> EightBitCalibration.measure(
                    ModelFiles.of(base), new Compute("cuda", DType.BF16), List.of(REQUEST)))
            .getMessage());
    if (!Compute.hasCpuInt8()) {
      assertThrows(
          ResourceLimitException.class,
          () -> EightBitCalibration.measure(ModelFiles.of(base), Compute.EXACT, List.of(REQUEST)));
    }
  }

  @Test
  void missingFilesAreRefused() {
    assumeVnni();
    Path base = PipelineFolder.any("sd1/base", scratch);
    Path none = scratch.resolve("none.safetensors");
    assertFalse(Files.exists(none));
    assertEquals(
        "cannot read " + none + ": no such file",
        assertThrows(
                InvalidInputException.class,
                () ->
                    BaseModel.open(ModelFiles.of(base).calibration(none), Compute.EXACT, PRODUCTS))
            .getMessage());
  }

  private static float[] generated(ModelFiles files, MemoryBudget budget, List<String> warnings) {
    try (BaseModel model = BaseModel.open(files, Compute.EXACT, budget)) {
      return model
          .generateAll(REQUEST, Run.of(event -> {
            if (event instanceof ProgressEvent.Notice warned) {
              warnings.add(warned.message());
            }
          }))
          .get(0)
          .pixels();
    }
  }

  private static void assumeVnni() {
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
  }
}
