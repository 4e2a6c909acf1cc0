package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.EightBitCalibration;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LoRAs of every kind on a base that multiplies in eight bits. */
@ExtendWith(NoTensorLeaks.class)
class LoraOverEightBitsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo").steps(2).size(32, 32).seed(3);

  private static ModelFiles files;

  @BeforeAll
  static void calibratesTheBase(@TempDir Path parent) {
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
    files = ModelFiles.of(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    EightBitCalibration.measure(files, Compute.EXACT, List.of(REQUEST))
        .write(EightBitCalibration.fileFor(files.path()));
  }

  static Stream<GoldenLora.Case> cases() {
    return GoldenLora.cases().stream()
        .filter(golden -> golden.weights().values().stream().anyMatch(weight -> weight != 0));
  }

  /** The adapter's change is far larger than what bytes round. */
  @ParameterizedTest
  @MethodSource("cases")
  void changesTheImageAsOnTheExactBase(GoldenLora.Case golden) {
    MemoryBudget products = MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS);
    try (BaseModel exact = BaseModel.open(files, Compute.EXACT);
        BaseModel eightBits = BaseModel.open(files, Compute.EXACT, products)) {
      float[] expected = generated(exact, golden);
      double change = distance(expected, exact.generate(REQUEST).latents().values());
      double rounding = distance(expected, generated(eightBits, golden));
      assertTrue(
          rounding > 0 && rounding < 0.5 * change, golden + ": " + rounding + " of " + change);
    }
  }

  private static float[] generated(BaseModel base, GoldenLora.Case golden) {
    List<Lora> loras = new ArrayList<>();
    try {
      ImageRequest request = REQUEST;
      List<String> names = List.copyOf(golden.weights().keySet());
      for (int i = 0; i < golden.weights().size(); i++) {
        Lora lora = Lora.open(GoldenLora.file(names.get(i)), base);
        loras.add(lora);
        request = request.adapter(lora.at(golden.weights().get(names.get(i))));
      }
      return base.generate(request).latents().values();
    } finally {
      loras.forEach(Lora::close);
    }
  }

  private static double distance(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.pow(one[i] - other[i], 2);
    }
    return Math.sqrt(sum);
  }
}
