package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.nn.Segments;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.weights.Safetensors;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three steps of diffusers' DreamBooth script with peft: {@code tools/goldens/training.py}. */
@ExtendWith(NoTensorLeaks.class)
class TrainingParityTest {
  private static final LoraTraining SETTINGS = new LoraTraining(4, 4, LoraTargets.ATTENTION, true, 3, 2, 1e-3, 0, 0,
      0.01, 1, false, 0, 1, List.of("%s"), 0);
  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesTheStepsThatPeftTakes(boolean recompute, @TempDir Path parent) {
    LoraTraining settings = SETTINGS.options(TrainingOptions.PLAIN.recompute(recompute));
    Path folder = GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT); TensorRegion region = new TensorRegion();
        TrainableFactors factors = new TrainableFactors(SETTINGS, Subject.of("woman"), base.networks());
        AdamW optimizer = AdamW.standard();
        Safetensors start = Safetensors.open(GoldenLora.file("attention-published"));
        Safetensors expected = Safetensors.open(GoldenLora.file("../training/reference"))) {
      factors.weights().load(start);
      assertEquals(start.names(), factors.weights().leaves().keySet());
      LoraStep learning = learning(base.networks(), factors, optimizer, region);
      compareGradients(learning, factors, expected);
      try (TensorScope scope = TensorScope.open()) {
        float[] losses = Images.floats(expected.read("loss"));
        for (int step = 0; step < 3; step++) {
          learning.learn(batch(expected, step), settings);
          double loss = learning.take(settings, 1e-3);
          assertEquals(losses[step], loss, TOLERANCE * losses[step], "loss of step " + step);
        }
      }
      compareWeights(factors, expected);
    }
  }

  @Test
  void goesOnBetweenTwoBatchesOfAStep(@TempDir Path parent) {
    LoraTraining settings = SETTINGS.options(TrainingOptions.PLAIN.accumulation(2));
    Checkpoint kept = new Checkpoint(parent.resolve("state.safetensors"), "owner");
    Path folder = GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT); TensorRegion region = new TensorRegion();
        TrainableFactors whole = new TrainableFactors(settings, Subject.of("woman"), base.networks());
        TrainableFactors resumed = new TrainableFactors(settings, Subject.of("woman"), base.networks());
        AdamW first = AdamW.standard(); AdamW second = AdamW.standard(); TensorScope scope = TensorScope.open();
        Safetensors given = Safetensors.open(GoldenLora.file("../training/reference"))) {
      LoraStep unbroken = learning(base.networks(), whole, first, region);
      unbroken.learn(batch(given, 0), settings);
      kept.save(whole.weights(), first, null, List.of(unbroken));
      unbroken.learn(batch(given, 1), settings);
      LoraStep again = learning(base.networks(), resumed, second, region);
      kept.resume(resumed.weights(), second, null, List.of(again));
      assertEquals(1, again.parts());
      again.learn(batch(given, 1), settings);
      assertEquals(unbroken.take(settings, 1e-3), again.take(settings, 1e-3));
      assertEquals(0, again.parts());
      whole.weights().leaves().forEach((name, leaf) ->
          assertTrue(torch.equal(leaf, resumed.weights().leaves().get(name)), name));
    }
  }

  // AdamW's first steps are little more than signs, so where a gradient is rounding noise its step is too: the
  // reference without oneDNN and fused attention differs from itself by 6e-4 in one tensor.
  private static void compareWeights(TrainableFactors factors, Safetensors expected) {
    double wrong = 0;
    double whole = 0;
    for (Map.Entry<String, Tensor> leaf : factors.weights().leaves().entrySet()) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor after = expected.read("after." + leaf.getKey());
        double difference = after.sub(leaf.getValue().detach()).norm().item_double();
        double length = after.norm().item_double();
        assertTrue(difference <= 1e-3 * length, leaf.getKey() + ": differs by " + difference + " of " + length);
        wrong += difference * difference;
        whole += length * length;
      }
    }
    assertTrue(Math.sqrt(wrong / whole) <= TOLERANCE, "all weights: differ by " + Math.sqrt(wrong / whole));
  }

  private static LoraStep learning(StableDiffusion model, TrainableFactors factors, AdamW optimizer,
      TensorRegion region) {
    List<?> prompts = (List<?>) GoldenLora.record("../training/reference").get("prompts");
    CaptionEncodings texts = new CaptionEncodings(
        Pupil.of(model), prompts.stream().map(String.class::cast).toList(), factors, region, new Cancellation());
    return new LoraStep(Pupil.of(model), factors, optimizer, Lesson.of(model, SETTINGS), texts);
  }

  private static void compareGradients(LoraStep learning, TrainableFactors factors, Safetensors expected) {
    try (TensorScope scope = TensorScope.open()) {
      learning.loss(batch(expected, 0), 0, Segments.PLAIN).backward();
      factors.weights().leaves().forEach((name, leaf) -> {
        compare(expected, "gradient." + name, leaf.grad());
        leaf.grad().zero_();
      });
    }
  }

  static LoraStep.Batch batch(Safetensors expected, int step) {
    float[] times = Images.floats(expected.read("timesteps").select(0, step));
    Tensor noise = expected.read("noise").select(0, step);
    return new LoraStep.Batch(expected.read("latents").select(0, step), noise, noise,
        new double[] {times[0], times[1]}, new int[] {0, 1}, 2, null);
  }

  private static void compare(Safetensors expected, String name, Tensor actual) {
    try (TensorScope scope = TensorScope.open()) {
      assertTrue(expected.names().contains(name), name);
      Closeness.assertWithinSpread(TOLERANCE, expected.read(name), actual.detach(), name);
    }
  }
}
