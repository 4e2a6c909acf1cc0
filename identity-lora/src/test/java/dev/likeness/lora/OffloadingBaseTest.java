package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** On a base whose weights lie in less memory than they are used in. */
@ExtendWith(NoTensorLeaks.class)
class OffloadingBaseTest {
  @Test
  void refusesFullSizeDeltasButAcceptsFactors(@TempDir Path parent) {
    ModelFiles files = ModelFiles.of(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(
            files, Compute.EXACT, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS));
        Lora whole = Lora.open(GoldenLora.file("../kinds/loha"), base);
        Lora factors = Lora.open(GoldenLora.file("../kinds/lokr"), base)) {
      ResourceLimitException refused = assertThrows(
          ResourceLimitException.class,
          () -> ModelAdapter.of(whole.at(1)).adapt(ModelComponent.UNET, Compute.EXACT));
      assertEquals(0, whole.bytes());
      assertEquals(
          refused.getMessage(),
          assertThrows(ResourceLimitException.class, () -> whole.fuse(1)).getMessage());
      ModelAdapter.of(factors.at(1)).adapt(ModelComponent.UNET, Compute.EXACT);
    }
  }
}
