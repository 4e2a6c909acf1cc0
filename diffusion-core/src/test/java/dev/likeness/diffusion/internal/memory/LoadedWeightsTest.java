package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class LoadedWeightsTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @EnumSource
  void keepsNothingOfTensorsThatAreReadOnce(WeightResidence residence) {
    Path file = folder.resolve("weights.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("weight", torch.tensor(1f, 2f), "f8", f8()), Map.of());
    }
    try (LoadedWeights weights = new LoadedWeights(
        () -> Safetensors.open(file),
        Compute.EXACT,
        residence,
        BlockNames.NONE,
        LayerInputs.NONE)) {
      Tensor once;
      try (TensorScope scope = TensorScope.open()) {
        once = weights.read("weight");
        assertArrayEquals(new float[] {1, 2}, ImageTensors.floats(once));
      }
      assertTrue(once.isNull());
      try (TensorScope scope = TensorScope.open()) {
        Tensor placed = weights.get("weight", 2);
        assertSame(placed, weights.read("weight"));
      }
      assertFalse(weights.get("weight", 2).isNull());
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesByNameOnceItIsClosed(WeightResidence residence) {
    Path file = folder.resolve("closed.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("weight", torch.ones(300, 300), "f8", f8()), Map.of());
    }
    LoadedWeights weights = new LoadedWeights(
        () -> Safetensors.open(file), Compute.EXACT, residence, BlockNames.NONE, LayerInputs.NONE);
    LayerWeight matrix = weights.matrix("weight", 300, 300);
    LayerWeight inF8 = weights.matrix("f8", 304, 304);
    try (TensorScope scope = TensorScope.open()) {
      weights.get("weight", 300, 300);
      matrix.tensor();
      inF8.tensor();
    }
    weights.close();
    weights.release();
    weights.close();
    List<Executable> uses = List.of(
        () -> weights.get("weight", 300, 300),
        () -> weights.read("weight"),
        matrix::tensor,
        inF8::tensor,
        () -> weights.matrix("weight", 300, 300));
    uses.forEach(use -> assertEquals(
        file + " is closed; open it again to use its tensors",
        assertThrows(IllegalStateException.class, use).getMessage()));
  }

  @Test
  void countsGapsBetween8BitWeightsOnTheCpuOnly() {
    Path file = folder.resolve("gaps.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("weight", torch.ones(512, 512)), Map.of());
    }
    long values = 512 * 512;
    long kept = values + 512 * Float.BYTES;
    long dense = values * Short.BYTES;
    assertEquals(kept + dense, bytesIn8Bits(file, new Compute("cuda", DType.BF16)));
    assertEquals(kept + dense + 12 * values, bytesIn8Bits(file, new Compute("cpu", DType.BF16)));
  }

  private static long bytesIn8Bits(Path file, Compute compute) {
    try (LoadedWeights weights = new LoadedWeights(
        () -> Safetensors.open(file),
        compute,
        WeightResidence.INT8_MATRICES,
        BlockNames.NONE,
        LayerInputs.NONE)) {
      return weights.unpacked().bytes(false);
    }
  }

  private static Tensor f8() {
    return torch.ones(304, 304).to(ScalarType.Float8_e4m3fn);
  }
}
