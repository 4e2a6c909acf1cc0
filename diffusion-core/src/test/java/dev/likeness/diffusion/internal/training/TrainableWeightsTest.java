package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class TrainableWeightsTest {
  @TempDir
  private Path folder;

  private Safetensors saved(long... shape) {
    Path file = folder.resolve("weights.safetensors");
    SafetensorsWriter.write(file, Map.of("w", torch.full(shape, new Scalar(3.0))), Map.of());
    return Safetensors.open(file);
  }

  @Test
  void loadsIntoTheLeavesThatThereAreSoThatNoneIsHeldTwice() {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = saved(2, 3);
        TrainableWeights weights =
            new TrainableWeights((name, shape) -> torch.zeros(shape).to(ScalarType.BFloat16))) {
      Tensor leaf = weights.get("w", 2, 3);
      weights.load(source);
      assertTrue(leaf.is_same(weights.leaves().get("w")), "a second tensor");
      assertTrue(leaf.requires_grad());
      assertEquals(ScalarType.BFloat16, leaf.scalar_type().intern());
      assertEquals(18, leaf.detach().sum().item_double());
    }
  }

  @Test
  void refusesTensorsOfAnotherShape() {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = saved(1, 3);
        TrainableWeights weights = new TrainableWeights((name, shape) -> torch.zeros(shape))) {
      weights.get("w", 2, 3);
      assertEquals(
          "w has shape [1, 3] in the checkpoint, expected [2, 3]; the checkpoint was trained with"
              + " other settings or on another base: delete the checkpoint to start again",
          assertThrows(InvalidInputException.class, () -> weights.load(source)).getMessage());
    }
  }
}
