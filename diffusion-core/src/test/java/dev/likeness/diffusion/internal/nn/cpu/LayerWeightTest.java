package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LayerWeightTest {
  @TempDir
  private Path scratch;

  @Test
  void roundsLargeMatricesToTheirRowsSteps() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.randn(64, 64, 3, 3))) {
      Tensor exact = weights.get("weight", 64, 64, 3, 3);
      Tensor wide = Weights.of(weights).matrix("weight", 64, 64, 3, 3).tensor();
      Tensor step =
          torch.amax(exact.abs().flatten(1, -1), new long[] {1}, false).div(new Scalar(127.0));
      Tensor error = torch
          .amax(wide.sub(exact).abs().flatten(1, -1), new long[] {1}, false)
          .div(step);
      assertTrue(
          error.max().item_double() < 0.501 && error.min().item_double() > 0.3,
          "half a step, of each row its own");
    }
  }

  @Test
  void keepsSmallMatricesExactly() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.randn(63, 64))) {
      assertArrayEquals(
          ImageTensors.floats(weights.get("weight", 63, 64)),
          ImageTensors.floats(Weights.of(weights).matrix("weight", 63, 64).tensor()));
    }
  }

  @Test
  void givesAdaptersTheDequantizedNumbers() {
    Adaptation doubled = new Adaptation() {
      @Override
      public Tensor tensor(String name, Tensor own) {
        return own.mul(new Scalar(2.0));
      }

      @Override
      public boolean replaces(String name) {
        return true;
      }
    };
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.randn(64, 80))) {
      Tensor wide = Weights.of(weights).matrix("weight", 64, 80).tensor();
      assertArrayEquals(
          ImageTensors.floats(wide.mul(new Scalar(2.0))),
          ImageTensors.floats(
              Weights.of(weights, doubled).matrix("weight", 64, 80).tensor()));
    }
  }

  @Test
  void keepsWhatALayerMadeUntilItIsReleased() {
    int[] times = {0};
    UnaryOperator<Tensor> making = wide -> wide.add(new Scalar((float) ++times[0]));
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.zeros(256, 256), WeightResidence.MAPPED)) {
      for (int i = 0; i < 2; i++) {
        LayerWeight matrix = Weights.of(weights).matrix("weight", 256, 256);
        assertEquals(1, matrix.form("sum", making).max().item_double());
        Tensor half = matrix.withForm("half", wide -> wide.narrow(0, 0, 64)).form("sum", making);
        assertEquals(64, half.size(0));
        assertEquals(2, half.min().item_double());
      }
      weights.release();
      assertEquals(
          3,
          Weights.of(weights)
              .matrix("weight", 256, 256)
              .form("sum", making)
              .max()
              .item_double());
      assertEquals(
          0,
          weights.get("weight", 256, 256).abs().max().item_double(),
          "the numbers are the file's");
    }
  }

  @Test
  void keepsNothingOfSmallMatricesOrInEightBits() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.zeros(255, 256), WeightResidence.MAPPED)) {
      assertFalse(Weights.of(weights).matrix("weight", 255, 256).keepsForms());
    }
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.zeros(256, 256))) {
      assertFalse(Weights.of(weights).matrix("weight", 256, 256).keepsForms());
    }
  }

  @Test
  void packsNothingWhereTheLoadedWeightsStayAnyway() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.randn(256, 256), WeightResidence.MAPPED)) {
      assertTrue(Weights.of(weights).matrix("weight", 256, 256).keepsForms());
      for (Adaptation unpacked : List.of(
          Adaptation.UnpackedWeights.INSTANCE,
          Adaptation.UnpackedWeights.INSTANCE.and(new Adaptation.PerturbedAttention(List.of())))) {
        LayerWeight matrix = Weights.of(weights, unpacked).matrix("weight", 256, 256);
        assertFalse(matrix.keepsForms());
        assertEquals(weights.get("weight", 256, 256), matrix.tensor());
      }
    }
  }

  @Test
  void canBeReleasedWhileAFormIsMade() throws InterruptedException {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(torch.ones(256, 256), WeightResidence.MAPPED)) {
      Thread release = new Thread(weights::release);
      Weights.of(weights).matrix("weight", 256, 256).form("sum", wide -> {
        release.start();
        while (release.isAlive() && release.getState() != Thread.State.BLOCKED) {
          Thread.onSpinWait();
        }
        return wide.sum();
      });
      release.join();
    }
  }

  private LoadedWeights weights(Tensor weight) {
    return weights(weight, WeightResidence.INT8_MATRICES);
  }

  private LoadedWeights weights(Tensor weight, WeightResidence residence) {
    Path file = scratch.resolve("model.safetensors");
    SafetensorsWriter.write(file, Map.of("weight", weight), Map.of());
    return new LoadedWeights(
        () -> Safetensors.open(file), Compute.EXACT, residence, BlockNames.NONE, LayerInputs.NONE);
  }
}
