package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Which of a mapped file's pages count with the process. */
@EnabledOnOs(OS.LINUX)
@ExtendWith(NoTensorLeaks.class)
class MappedPagesTest {
  private static final long NUMBERS = 4 << 20;

  @TempDir
  private Path folder;

  @Test
  void noneOfAFileThatIsConverted() throws IOException {
    Path file = written(ScalarType.Half, NUMBERS);
    try (LoadedWeights weights = new LoadedWeights(Safetensors.open(file), Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      assertEquals(NUMBERS, weights.get("a", NUMBERS).sum().item_double());
      assertTrue(
          residentKilobytes(file) < 1024,
          residentKilobytes(file) + " kB of the file are mapped in");
    }
  }

  @Test
  void thoseThatAreUsedOfAFileThatIsNot() throws IOException {
    Path file = written(ScalarType.Float, NUMBERS);
    try (LoadedWeights weights = new LoadedWeights(Safetensors.open(file), Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      assertEquals(NUMBERS, weights.get("a", NUMBERS).sum().item_double());
      assertTrue(
          residentKilobytes(file) > 15 * 1024,
          residentKilobytes(file) + " kB of the file are mapped in");
    }
  }

  @Test
  void noneOfAFileWhoseWeightsALayerHasMadeItsOwn() throws IOException {
    Path file = written(ScalarType.Float, NUMBERS / 2, 2);
    try (LoadedWeights weights = new LoadedWeights(Safetensors.open(file), Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      Tensor made = Weights.of(weights).matrix("a", NUMBERS / 2, 2).form("copy", Tensor::clone);
      assertEquals(NUMBERS, made.sum().item_double());
      assertTrue(
          residentKilobytes(file) < 1024,
          residentKilobytes(file) + " kB of the file are mapped in");
    }
  }

  private Path written(ScalarType type, long... shape) {
    try (TensorScope scope = TensorScope.open()) {
      Path file = folder.resolve("ones.safetensors");
      SafetensorsWriter.write(file, Map.of("a", torch.ones(shape).to(type)), Map.of());
      return file;
    }
  }

  private static long residentKilobytes(Path file) throws IOException {
    long sum = 0;
    boolean ofFile = false;
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    for (String line : lines) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        ofFile = line.endsWith(file.toString());
      } else if (ofFile && line.startsWith("Rss:")) {
        sum += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return sum;
  }
}
