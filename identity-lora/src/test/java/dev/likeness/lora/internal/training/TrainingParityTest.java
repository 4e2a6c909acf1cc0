package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three steps of diffusers' DreamBooth script with peft: {@code tools/goldens/training_lora.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class TrainingParityTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(4)
      .alpha(4)
      .targets(LoraTargets.ATTENTION)
      .trainTextEncoder(true)
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void makesTheStepsOfPeft(boolean recompute, @TempDir Path parent) {
    TrainingSettings settings = SETTINGS.gradientCheckpointing(recompute);
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter factors = TrainableAdapter.of(SETTINGS, PersonToken.of("woman"), base);
        AdamW optimizer = AdamW.standard();
        Safetensors start = Safetensors.open(GoldenLora.file("attention-published"));
        Safetensors expected = Safetensors.open(GoldenLora.file("../training/reference"))) {
      factors.weights().load(start);
      assertEquals(start.names(), factors.weights().leaves().keySet());
      PeftSteps steps = new PeftSteps(expected, expected);
      steps.compare(
          steps.newStep(EngineAccess.model(base), factors, optimizer, SETTINGS, region),
          factors,
          settings);
    }
  }

  @Test
  void aStepOfTwoBatchesUsesTheMeanGradientAndReportsTheMeanLoss(@TempDir Path parent) {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      StepResult first = step(base, SETTINGS, 0);
      StepResult second = step(base, SETTINGS, 1);
      StepResult both = step(base, SETTINGS.gradientAccumulationSteps(2), 0, 1);
      assertEquals((first.loss + second.loss) / 2, both.loss, 1e-6);
      both.gradients.forEach((name, mean) -> {
        Tensor expected =
            first.gradients.get(name).add(second.gradients.get(name)).div(new Scalar(2.0));
        Closeness.assertWithinSpread(1e-5, expected, mean, name);
      });
      assertFalse(both.gradients.isEmpty());
    }
  }

  /** What a step of some batches is told to follow, and its loss. */
  private record StepResult(Map<String, Tensor> gradients, double loss) {}

  private static StepResult step(BaseModel base, TrainingSettings settings, int... batches) {
    try (TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        Safetensors start = Safetensors.open(GoldenLora.file("attention-published"));
        Safetensors given = Safetensors.open(GoldenLora.file("../training/reference"))) {
      factors.weights().load(start);
      TrainingStep step = new PeftSteps(given, given)
          .newStep(EngineAccess.model(base), factors, optimizer, settings, region);
      for (int batch : batches) {
        step.backward(PeftSteps.batch(given, batch), settings);
      }
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      step.tensors().forEach((name, gradient) -> gradients.put(name, gradient.clone()));
      return new StepResult(gradients, step.optimize(settings, 0));
    }
  }

  @Test
  void resumesBetweenTwoBatchesOfAStep(@TempDir Path parent) {
    TrainingSettings settings = SETTINGS.gradientAccumulationSteps(2);
    TrainingCheckpoint kept =
        new TrainingCheckpoint(parent.resolve("state.safetensors"), 0, "owner");
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter whole = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        TrainableAdapter resumed = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        AdamW first = AdamW.standard();
        AdamW second = AdamW.standard();
        TensorScope scope = TensorScope.open();
        Safetensors given = Safetensors.open(GoldenLora.file("../training/reference"))) {
      PeftSteps steps = new PeftSteps(given, given);
      TrainingStep unbroken =
          steps.newStep(EngineAccess.model(base), whole, first, settings, region);
      unbroken.backward(PeftSteps.batch(given, 0), settings);
      kept.save(whole.weights(), first, null, List.of(unbroken));
      unbroken.backward(PeftSteps.batch(given, 1), settings);
      TrainingStep again =
          steps.newStep(EngineAccess.model(base), resumed, second, settings, region);
      kept.resume(resumed.weights(), second, null, List.of(again));
      assertEquals(1, again.accumulated());
      again.backward(PeftSteps.batch(given, 1), settings);
      assertEquals(unbroken.optimize(settings, 1e-3), again.optimize(settings, 1e-3));
      assertEquals(0, again.accumulated());
      whole
          .weights()
          .leaves()
          .forEach((name, leaf) ->
              assertTrue(torch.equal(leaf, resumed.weights().leaves().get(name)), name));
    }
  }
}
