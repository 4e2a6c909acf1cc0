package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * DoRA and LoKr, linear layers and a convolution, learn as peft's do:
 * {@code tools/goldens/training_dora_lokr.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class TrainedAlgorithmsTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(2)
      .alpha(1)
      .targets(LoraTargets.CONVOLUTIONS)
      .trainTextEncoder(false)
      .steps(3)
      .batchSize(2)
      .learningRate(1e-3)
      .warmupSteps(0)
      .minSnrGamma(0)
      .weightDecay(0.01)
      .maxGradNorm(1)
      .randomFlip(false)
      .priorPreservation(0, 1)
      .captions("%s")
      .seed(0);
  private static final String MODULES =
      "unet\\." + GoldenLora.record("../training/forms").get("modules");

  @ParameterizedTest
  @CsvSource({"DORA, false", "DORA, true", "LOKR, false", "LOKR, true"})
  void makesTheStepsOfPeft(AdapterAlgorithm form, boolean recompute, @TempDir Path parent) {
    TrainingSettings settings =
        SETTINGS.algorithm(form).targetModules(MODULES).gradientCheckpointing(recompute);
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    String golden = "../training/" + form.name().toLowerCase(Locale.ROOT);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        AdamW optimizer = AdamW.standard();
        Safetensors expected = Safetensors.open(GoldenLora.file(golden));
        Safetensors given = Safetensors.open(GoldenLora.file("../training/reference"))) {
      PeftSteps steps = new PeftSteps(given, expected);
      steps.start(factors);
      steps.compare(
          steps.newStep(EngineAccess.model(base), factors, optimizer, settings, region),
          factors,
          settings);
    }
  }
}
