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
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import java.nio.file.Path;
import java.util.List;
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
  private static final LoraTraining SETTINGS = new LoraTraining(
      2,
      1,
      LoraTargets.CONVOLUTIONS,
      false,
      3,
      2,
      1e-3,
      0,
      0,
      0.01,
      1,
      false,
      0,
      1,
      List.of("%s"),
      0,
      OptimizerOptions.DEFAULT);
  private static final String MODULES =
      "unet\\." + GoldenLora.record("../training/forms").get("modules");

  @ParameterizedTest
  @CsvSource({"DORA, false", "DORA, true", "LOKR, false", "LOKR, true"})
  void makesTheStepsOfPeft(AdapterAlgorithm form, boolean recompute, @TempDir Path parent) {
    LoraTraining settings = SETTINGS.optimizerOptions(OptimizerOptions.DEFAULT
        .algorithm(form)
        .targetModules(MODULES)
        .gradientCheckpointing(recompute));
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    String golden = "../training/" + form.name().toLowerCase(Locale.ROOT);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter factors = new TrainableAdapter(settings, PersonToken.of("woman"), base);
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
