package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.BackwardMemory;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The estimates as they were when they were compared with measured processes. */
class ActivationMemoryTest {
  private static final int LATENT_PIXELS = 32 * 32;

  @TempDir
  private Path scratch;

  /** Kept and recomputed bytes without a trained layer, and with each layer trained. */
  @ParameterizedTest
  @CsvSource({
    "sd1/base, F32, 32002376, 20264387, 40088379, 24743094",
    "sd1/base, BF16, 26119864, 14919844, 30162866, 17159197",
    "sdxl/xl-base, F32, 28139274, 8861614, 37785634, 11349677",
    "sdxl/xl-base, BF16, 29675628, 9482711, 34498807, 10726742",
    "sd3/three, F32, 4195594, 3466848, 8797066, 6615059",
    "sd3/three, BF16, 18713778, 12203768, 21014514, 13777874",
    "sd3/medium, F32, 8294901, 6711556, 14838273, 10357185",
    "sd3/medium, BF16, 28677679, 17002866, 31949365, 18825680",
    "flux/dev, F32, 10624205, 9569894, 18440189, 13674566",
    "flux/dev, BF16, 7015219, 7055770, 10923211, 9108106",
    "chroma/base, F32, 10624205, 9569894, 16090568, 12181340",
    "chroma/base, BF16, 7015219, 7055770, 9748401, 8361492",
    "klein/base, F32, 29439590, 22870426, 38330984, 27347190",
    "klein/base, BF16, 18126029, 15976858, 22571725, 18215240",
    "zimage/turbo, F32, 24342405, 18272010, 32111286, 22003376",
    "zimage/turbo, BF16, 18807951, 12542239, 22692392, 14407921"
  })
  void countsWhatABackwardPassKeeps(
      String name,
      DType dtype,
      double kept,
      double recomputed,
      double keptOfAll,
      double recomputedOfAll) {
    LibTorch.load();
    assumeTrue(
        dtype != DType.F32 || torch.get_num_threads() == 1,
        "several threads multiply matrices in f32 as convolutions, which keep their inputs");
    Path folder = PipelineFolder.any(name, scratch);
    try (BaseModel base = BaseModel.open(ModelFiles.of(folder), new Compute("cpu", dtype))) {
      OpenModel model = EngineAccess.model(base);
      BackwardMemory none = activations(model, layer -> false);
      BackwardMemory all = activations(
          model, layer -> layer.component() == TrainingTarget.of(model).component());
      assertEquals(kept, none.keptBytes(), 1);
      assertEquals(recomputed, none.recomputedBytes(), 1);
      assertEquals(keptOfAll, all.keptBytes(), 1);
      assertEquals(recomputedOfAll, all.recomputedBytes(), 1);
    }
  }

  private static BackwardMemory activations(OpenModel model, Predicate<TargetLayer> isTrained) {
    return new TrainingMemoryEstimator(model, LATENT_PIXELS, isTrained).activations();
  }
}
