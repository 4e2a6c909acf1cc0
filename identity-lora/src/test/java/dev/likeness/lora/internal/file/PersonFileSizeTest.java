package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a person of Stable Diffusion 1.5 takes on disk, with factors of zeros in its shapes. */
@ExtendWith(NoTensorLeaks.class)
class PersonFileSizeTest {
  private static final int RANK = 4;
  private static final long MAX_BYTES = 4_000_000;

  @ParameterizedTest
  @EnumSource(
      value = KeyFormat.class,
      names = {"PEFT", "DIFFUSERS", "KOHYA"})
  void isAtMostFourMegabytesAtRankFour(KeyFormat keyFormat, @TempDir Path folder)
      throws IOException {
    // What TrainingSettings.suitedTo learns of a base of full size, its text encoder's attentions
    // too.
    TrainingSettings settings =
        TrainingSettings.balanced().targets(LoraTargets.ATTENTION).rank(RANK);
    Map<TargetLayer, WeightDelta> changes = new LinkedHashMap<>();
    Path file = folder.resolve("person.safetensors");
    LayerTable table = LayerTable.of(FamilyRegistry.STABLE_DIFFUSION, RealLoraTest.shapes());
    try (TensorScope scope = TensorScope.open()) {
      table.layers().stream()
          .filter(layer -> !layer.isNorm() && settings.includes(layer.name()))
          .forEach(layer -> changes.put(
              layer, new LoraDelta(half(RANK, layer.in()), null, half(layer.out(), RANK), 1)));
      LoraWriter.write(
          file,
          new LoraDeltas(changes, Map.of(), List.of()),
          table,
          layer -> null,
          Map.of(
              keyFormat == KeyFormat.PEFT ? LoraPerson.CLASS_WORD_KEY : LoraPerson.CONSENT_KEY,
              "yes"),
          keyFormat);
    }
    assertTrue(OwnerOnly.isOwnerOnly(file));
    assertTrue(changes.size() == 128 + 48, changes.size() + " layers");
    assertTrue(Files.size(file) <= MAX_BYTES, Files.size(file) + " bytes");
  }

  private static Tensor half(long... shape) {
    return torch.zeros(shape).to(ScalarType.Half);
  }
}
