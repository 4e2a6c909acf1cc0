package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLoopTest {
  @TempDir
  private Path work;

  @Test
  void savesNothingOfALossThatIsNoNumber() throws IOException {
    Path state = work.resolve("state.safetensors");
    TrainingLoop loop =
        new TrainingLoop("stage", 102, new Hyperparameters(0.1, 0, 0.0, 0, 0.9), 1, name -> false);
    loop.runTo(
        state, 100, (weights, number) -> learnt(weights.get("w", 2), 1), (weights, step) -> {});
    byte[] saved = Files.readAllBytes(state);
    InvalidInputException lost = assertThrows(
        InvalidInputException.class,
        () -> loop.run(
            state,
            (weights, number) -> learnt(weights.get("w", 2), number == 101 ? Double.NaN : 1),
            (weights, step) -> {}));
    assertTrue(
        lost.getMessage().startsWith("stage: the loss is NaN (completed steps: 101); " + state),
        lost.getMessage());
    assertArrayEquals(saved, Files.readAllBytes(state));
  }

  @Test
  void savesNothingOfGradientsThatAreNoNumbers() throws IOException {
    Path state = work.resolve("state.safetensors");
    TrainingLoop loop =
        new TrainingLoop("stage", 102, new Hyperparameters(0.1, 0, 0.0, 1, 0.9), 1, name -> false);
    loop.runTo(
        state, 100, (weights, number) -> learnt(weights.get("w", 2), 1), (weights, step) -> {});
    byte[] saved = Files.readAllBytes(state);
    InvalidInputException lost = assertThrows(
        InvalidInputException.class,
        () -> loop.run(
            state,
            (weights, number) -> {
              weights
                  .get("w", 2)
                  .mul(new Scalar(Double.POSITIVE_INFINITY))
                  .sum()
                  .backward();
              return 1;
            },
            (weights, step) -> {}));
    assertTrue(
        lost.getMessage()
            .startsWith(
                "stage: the gradients' length is Infinity (completed steps: 100); " + state),
        lost.getMessage());
    assertArrayEquals(saved, Files.readAllBytes(state));
  }

  private static double learnt(Tensor weight, double loss) {
    weight.sum().backward();
    return loss;
  }
}
