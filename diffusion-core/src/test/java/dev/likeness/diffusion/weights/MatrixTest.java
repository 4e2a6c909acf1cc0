package dev.likeness.diffusion.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class MatrixTest {
  @TempDir
  private Path scratch;

  @Test
  void roundsLargeMatricesToTheirRowsSteps() {
    try (TensorScope scope = TensorScope.open(); LoadedWeights weights = weights(torch.randn(64, 64, 3, 3))) {
      Tensor exact = weights.get("weight", 64, 64, 3, 3);
      Tensor wide = Weights.of(weights).matrix("weight", 64, 64, 3, 3).wide();
      Tensor step = torch.amax(exact.abs().flatten(1, -1), new long[] {1}, false).div(new Scalar(127.0));
      Tensor error = torch.amax(wide.sub(exact).abs().flatten(1, -1), new long[] {1}, false).div(step);
      assertTrue(error.max().item_double() < 0.501 && error.min().item_double() > 0.3, "half a step, of each row its own");
    }
  }

  @Test
  void keepsSmallMatricesExactly() {
    try (TensorScope scope = TensorScope.open(); LoadedWeights weights = weights(torch.randn(63, 64))) {
      assertArrayEquals(Images.floats(weights.get("weight", 63, 64)),
          Images.floats(Weights.of(weights).matrix("weight", 63, 64).wide()));
    }
  }

  @Test
  void givesAdaptersTheWidenedNumbers() {
    Adaptation doubled = new Adaptation() {
      @Override
      public Tensor tensor(String name, Tensor own) {
        return own.mul(new Scalar(2.0));
      }
    };
    try (TensorScope scope = TensorScope.open(); LoadedWeights weights = weights(torch.randn(64, 80))) {
      Tensor wide = Weights.of(weights).matrix("weight", 64, 80).wide();
      assertArrayEquals(Images.floats(wide.mul(new Scalar(2.0))),
          Images.floats(Weights.of(weights, doubled).matrix("weight", 64, 80).wide()));
    }
  }

  private LoadedWeights weights(Tensor weight) {
    Path file = scratch.resolve("model.safetensors");
    SafetensorsWriter.write(file, Map.of("weight", weight), Map.of());
    return new LoadedWeights(() -> Safetensors.open(file), Compute.EXACT, Residence.EIGHT_BITS_EACH);
  }
}
