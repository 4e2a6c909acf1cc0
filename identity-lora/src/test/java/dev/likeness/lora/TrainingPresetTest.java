package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import dev.likeness.lora.training.LoraForm;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingPreset;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TrainingPresetTest extends OnGoldenBase {
  /** Bytes: a number, its gradient and two moments. */
  private static final long ADAMW = 16;

  @Test
  void takesMoreStepsForMorePhotosAndMoreTime() {
    assertEquals(
        LoraTraining.balanced(),
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
  void givesUpTimeAndThenRankWhereMemoryIsShort() {
    LoraTraining full =
        LoraTrainer.of(TrainingPreset.BALANCED, base, 10, Long.MAX_VALUE).settings();
    LoraTraining twice = LoraTrainer.of(
            TrainingPreset.BALANCED,
            base,
            10,
            new LoraTrainer(full).memory(base).bytes() - 1)
        .settings();
    assertEquals(full.options(full.options().recompute(true)), twice);
    assertTrue(new LoraTrainer(twice).memory(base).bytes()
        < new LoraTrainer(full).memory(base).bytes());
    LoraTraining single = LoraTrainer.of(
            TrainingPreset.BALANCED,
            base,
            10,
            new LoraTrainer(twice).memory(base).bytes() - 1)
        .settings();
    assertEquals(1, single.batch());
    assertEquals(full.batch(), single.options().accumulation());
    String refusal = assertThrows(
            ResourceLimitException.class,
            () -> LoraTrainer.of(TrainingPreset.BALANCED, base, 10, 300 << 20).settings())
        .getMessage();
    assertTrue(
        refusal.matches(
            "learning a person on base-today takes at least \\d+ MiB: .*, of which 300 MiB are allowed;"
                + " take a smaller base"),
        refusal);
  }

  @Test
  void fitsWhatIsAskedAndNoOtherTraining() {
    LoraTraining asked = TrainingPreset.BALANCED.of(base, 10).prior(4, 1).rank(32);
    int width = base.defaults().width();
    int height = base.defaults().height();
    long bytes = new LoraTrainer(asked).memory(base, width, height, true).bytes();
    assertEquals(asked, new LoraTrainer(asked).fitting(base, true, bytes).settings());
    LoraTraining fitting = new LoraTrainer(asked)
        .fitting(base, true, new LoraTrainer(asked).memory(base).bytes())
        .settings();
    assertEquals(asked.options(asked.options().recompute(true)), fitting);
    assertEquals(
        fitting,
        new LoraTrainer(fitting)
            .fitting(base, true, new LoraTrainer(asked).memory(base).bytes())
            .settings());
    LoraTraining prodigy = asked.options(
        asked.options().optimizer(OptimizerOptions.TrainingOptimizer.PRODIGY).accumulation(2));
    LoraTraining least = new LoraTrainer(prodigy)
        .fitting(
            base,
            false,
            new LoraTrainer(prodigy.batch(1).options(prodigy.options().recompute(true)))
                    .memory(base)
                    .bytes()
                - 1)
        .settings();
    assertEquals(
        List.of(1, 2 * asked.batch(), OptimizerOptions.TrainingOptimizer.PRODIGY, 8),
        List.of(
            least.batch(),
            least.options().accumulation(),
            least.options().optimizer(),
            least.rank()));
  }

  @Test
  void countsWhatOptimisersKeep() {
    LoraTraining full = LoraTraining.balanced();
    long trained = new LoraTrainer(full).memory(base).trained();
    assertEquals(
        trained * 10 / 16,
        new LoraTrainer(full.options(
                OptimizerOptions.PLAIN.optimizer(OptimizerOptions.TrainingOptimizer.ADAMW_8BIT)))
            .memory(base)
            .trained());
    assertEquals(
        trained * 20 / 16,
        new LoraTrainer(full.options(OptimizerOptions.PLAIN.ema(0.9)))
            .memory(base)
            .trained());
    assertTrue(
        DreamBooth.standard().memory(base).trained() > trained,
        "a whole network is no more than its factors");
  }

  @Test
  void countsEveryNumberThatIsLearned() {
    for (LoraForm form : LoraForm.values()) {
      LoraTraining settings = LoraTraining.balanced().options(OptimizerOptions.PLAIN.form(form));
      try (TrainableAdapter factors = new TrainableAdapter(settings, PersonToken.of("man"), base)) {
        assertEquals(
            ADAMW * factors.weights().count(),
            new LoraTrainer(settings).memory(base).trained(),
            form.name());
      }
    }
    for (boolean text : new boolean[] {false, true}) {
      DreamBooth whole = new DreamBooth(LoraTraining.balanced().textEncoder(text));
      try (TrainableFullWeights weights =
          new TrainableFullWeights(base.unwrap(OpenModel.class), text, ScalarType.Float)) {
        assertEquals(ADAMW * weights.weights().count(), whole.memory(base).trained());
      }
    }
  }

  @Test
  void countsWhatIsDrawnOnTheWay() {
    LoraTraining settings = LoraTraining.balanced();
    TrainingMemory alone = new LoraTrainer(settings).memory(base, 24, 16);
    TrainingMemory watched = new LoraTrainer(settings).memory(base, 24, 16, true);
    assertEquals(0, alone.generation());
    assertEquals(
        base.unwrap(OpenModel.class).autoencoder().decodingMemory(24, 16), watched.generation());
    assertEquals(
        alone.trained() * 20 / 16, watched.trained(), "the best weights are one number more");
    assertEquals(
        watched.generation(),
        new LoraTrainer(settings.prior(4, 1)).memory(base, 24, 16).generation());
    assertTrue(
        base.unwrap(OpenModel.class).autoencoder().decodingMemory(48, 16) > watched.generation());
    DreamBooth whole = new DreamBooth(settings);
    assertTrue(
        whole.memory(base, 24, 16, true).trained() > whole.memory(base, 24, 16).trained());
  }

  @Test
  void countsMoreForLargerImagesAndWholeNetworks() {
    LoraTraining settings = LoraTraining.balanced();
    TrainingMemory own = new LoraTrainer(settings).memory(base, 16, 16);
    TrainingMemory larger = new LoraTrainer(settings).memory(base, 32, 32);
    assertTrue(larger.activations() > 2 * own.activations(), own + "; " + larger);
    assertEquals(own.weights() + own.trained(), larger.weights() + larger.trained());
    TrainingMemory attention =
        new LoraTrainer(settings.targets(LoraTargets.ATTENTION)).memory(base);
    assertTrue(
        attention.activations() < new DreamBooth(settings).memory(base).activations(),
        attention.toString());
  }
}
