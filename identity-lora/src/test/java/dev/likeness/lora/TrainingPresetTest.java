package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TrainingPresetTest extends OnGoldenBase {
  /** Bytes: a number, its gradient and two moments. */
  private static final long ADAMW = 16;

  @Test
  void makesMoreStepsForMorePhotosAndMoreTime() {
    assertEquals(
        TrainingSettings.balanced(),
        LoraTrainer.of(TrainingPreset.BALANCED, base, 10, Long.MAX_VALUE).settings());
    assertEquals(
        164,
        LoraTrainer.of(TrainingPreset.BALANCED, base, 3, Long.MAX_VALUE)
            .settings()
            .steps());
    assertEquals(
        424,
        LoraTrainer.of(TrainingPreset.BALANCED, base, 20, Long.MAX_VALUE)
            .settings()
            .steps());
    assertEquals(
        120,
        LoraTrainer.of(TrainingPreset.QUICK, base, 10, Long.MAX_VALUE)
            .settings()
            .steps());
    assertEquals(
        900,
        LoraTrainer.of(TrainingPreset.BEST, base, 10, Long.MAX_VALUE).settings().steps());
  }

  @Test
  void reducesSpeedAndThenRankIfMemoryIsShort() {
    TrainingSettings full =
        LoraTrainer.of(TrainingPreset.BALANCED, base, 10, Long.MAX_VALUE).settings();
    TrainingSettings twice = LoraTrainer.of(
            TrainingPreset.BALANCED,
            base,
            10,
            new LoraTrainer(full).memory(base).bytes() - 1)
        .settings();
    assertEquals(full.gradientCheckpointing(true), twice);
    assertTrue(new LoraTrainer(twice).memory(base).bytes()
        < new LoraTrainer(full).memory(base).bytes());
    TrainingSettings single = LoraTrainer.of(
            TrainingPreset.BALANCED,
            base,
            10,
            new LoraTrainer(twice).memory(base).bytes() - 1)
        .settings();
    assertEquals(1, single.batchSize());
    assertEquals(full.batchSize(), single.gradientAccumulationSteps());
    String refusal = assertThrows(
            ResourceLimitException.class,
            () -> LoraTrainer.of(TrainingPreset.BALANCED, base, 10, 300 << 20).settings())
        .getMessage();
    assertTrue(
        refusal.matches(
            "training a person on base-current takes at least \\d+ MiB: .*; only 300 MiB are "
                + "allowed; use smaller images or a smaller base"),
        refusal);
  }

  @Test
  void fitsOnlyTheGivenTraining() {
    TrainingSettings asked =
        TrainingPreset.BALANCED.of(base, 10).priorPreservation(4, 1).rank(32);
    int width = base.defaults().width();
    int height = base.defaults().height();
    long bytes = new LoraTrainer(asked).memory(base, width, height, true).bytes();
    assertEquals(asked, new LoraTrainer(asked).fitting(base, true, bytes).settings());
    TrainingSettings fitting = new LoraTrainer(asked)
        .fitting(base, true, new LoraTrainer(asked).memory(base).bytes())
        .settings();
    assertEquals(asked.gradientCheckpointing(true), fitting);
    assertEquals(
        fitting,
        new LoraTrainer(fitting)
            .fitting(base, true, new LoraTrainer(asked).memory(base).bytes())
            .settings());
    TrainingSettings prodigy =
        asked.optimizer(TrainingOptimizer.PRODIGY).gradientAccumulationSteps(2);
    TrainingSettings least = new LoraTrainer(prodigy)
        .fitting(
            base,
            false,
            new LoraTrainer(prodigy.batchSize(1).gradientCheckpointing(true))
                    .memory(base)
                    .bytes()
                - 1)
        .settings();
    assertEquals(
        List.of(1, 2 * asked.batchSize(), TrainingOptimizer.PRODIGY, 8),
        List.of(
            least.batchSize(), least.gradientAccumulationSteps(), least.optimizer(), least.rank()));
  }

  @Test
  void countsTheStateOfOptimisers() {
    TrainingSettings full = TrainingSettings.balanced();
    long trained = new LoraTrainer(full).memory(base).trained();
    assertEquals(
        trained * 10 / 16,
        new LoraTrainer(full.optimizer(TrainingOptimizer.ADAMW_8BIT))
            .memory(base)
            .trained());
    assertEquals(
        trained * 20 / 16, new LoraTrainer(full.emaDecay(0.9)).memory(base).trained());
    assertTrue(
        DreamBooth.defaults().estimateMemory(base).trained() > trained,
        "a whole network is no more than its factors");
  }

  @Test
  void countsEveryTrainedParameter() {
    for (AdapterAlgorithm form : AdapterAlgorithm.values()) {
      TrainingSettings settings = TrainingSettings.balanced().algorithm(form);
      try (TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("man"), base)) {
        assertEquals(
            ADAMW * factors.weights().count(),
            new LoraTrainer(settings).memory(base).trained(),
            form.name());
      }
    }
    for (boolean text : new boolean[] {false, true}) {
      DreamBooth whole = new DreamBooth(TrainingSettings.balanced().trainTextEncoder(text));
      try (TrainableFullWeights weights =
          new TrainableFullWeights(EngineAccess.model(base), text, ScalarType.Float)) {
        assertEquals(
            ADAMW * weights.weights().count(), whole.estimateMemory(base).trained());
      }
    }
  }

  @Test
  void countsGenerationDuringTraining() {
    TrainingSettings settings = TrainingSettings.balanced();
    TrainingMemory alone = new LoraTrainer(settings).memory(base, 24, 16);
    TrainingMemory watched = new LoraTrainer(settings).memory(base, 24, 16, true);
    assertEquals(0, alone.generation());
    assertEquals(
        EngineAccess.model(base).autoencoder().decodingMemory(24, 16), watched.generation());
    assertEquals(
        alone.trained() * 20 / 16, watched.trained(), "the best weights are one number more");
    assertEquals(
        watched.generation(),
        new LoraTrainer(settings.priorPreservation(4, 1)).memory(base, 24, 16).generation());
    assertTrue(
        EngineAccess.model(base).autoencoder().decodingMemory(48, 16) > watched.generation());
    DreamBooth whole = new DreamBooth(settings);
    assertTrue(whole.estimateMemory(base, 24, 16, true).trained()
        > whole.estimateMemory(base, 24, 16).trained());
  }

  @Test
  void countsMoreForLargerImagesAndFullTraining() {
    TrainingSettings settings = TrainingSettings.balanced();
    TrainingMemory own = new LoraTrainer(settings).memory(base, 16, 16);
    TrainingMemory larger = new LoraTrainer(settings).memory(base, 32, 32);
    assertTrue(larger.activations() > 2 * own.activations(), own + "; " + larger);
    assertEquals(own.weights() + own.trained(), larger.weights() + larger.trained());
    TrainingMemory attention =
        new LoraTrainer(settings.targets(LoraTargets.ATTENTION)).memory(base);
    assertTrue(
        attention.activations() < new DreamBooth(settings).estimateMemory(base).activations(),
        attention.toString());
  }
}
