package dev.likeness.diffusion.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.model.TensorFile;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ScaledTest {
  @Test
  void multipliesEachWeightByTheScaleBesideIt(@TempDir Path folder) {
    Path file = folder.resolve("scaled.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor eighths = torch.randn(4, 3).to(ScalarType.Float8_e4m3fn);
      SafetensorsWriter.write(file, Map.of("a.weight", eighths, "a.scale_weight", torch.full(new long[] {1}, new Scalar(0.25)),
          "b.weight", eighths, "b.weight_scale", torch.tensor(new float[] {1, 2, 3, 4}), "b.input_scale", torch.ones(1),
          "c.weight", eighths, "scaled_fp8", torch.zeros(2).to(ScalarType.Float8_e4m3fn)), Map.of());
      try (TensorSource source = TensorFile.open(file)) {
        Tensor plain = eighths.to(ScalarType.Float);
        assertEquals(Set.of("a.weight", "b.weight", "c.weight"), source.names());
        assertTrue(torch.equal(plain.mul(new Scalar(0.25)), source.read("a.weight")));
        assertTrue(torch.equal(plain.mul(torch.tensor(new float[] {1, 2, 3, 4}).reshape(4, 1)), source.read("b.weight")));
        assertTrue(torch.equal(plain, source.read("c.weight").to(ScalarType.Float)));
      }
    }
  }
}
