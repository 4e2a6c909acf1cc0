package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.training.TrainingSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Three steps that diffusers' script took with peft.
 *
 * @param given what each step was given
 * @param expected what came of it: {@code gradient.*} of the first step, {@code after.*} the last,
 *     {@code loss}
 */
public record PeftSteps(Safetensors given, Safetensors expected) {
  private static final double TOLERANCE = 1e-4;
  private static final double RATE = 1e-3;

  /** Begins where they began. */
  void start(TrainableAdapter factors) {
    factors
        .weights()
        .load(RenamedSource.of(
            expected,
            name -> name.startsWith("start.") ? name.substring("start.".length()) : null));
  }

  TrainingStep newStep(
      OpenModel model,
      TrainableAdapter factors,
      AdamW optimizer,
      TrainingSettings settings,
      TensorRegion region) {
    List<?> prompts = (List<?>) GoldenLora.record("../training/reference").get("prompts");
    CaptionEncodings texts = CaptionEncodings.encode(
        TrainingTarget.of(model),
        prompts.stream().map(String.class::cast).toList(),
        factors,
        region);
    return new TrainingStep(
        TrainingTarget.of(model), factors, optimizer, TrainingObjective.of(model, settings), texts);
  }

  public static TrainingStep.Batch batch(Safetensors given, int step) {
    float[] times = ImageTensors.floats(given.read("timesteps").select(0, step));
    Tensor noise = given.read("noise").select(0, step);
    return new TrainingStep.Batch(
        given.read("latents").select(0, step),
        noise,
        noise,
        new double[] {times[0], times[1]},
        new int[] {0, 1},
        2,
        null);
  }

  /** Takes the steps, and compares losses, gradients and weights. */
  void compare(TrainingStep learning, TrainableAdapter factors, TrainingSettings settings) {
    assertEquals(names("after."), factors.weights().leaves().keySet());
    compareGradients(learning, factors);
    compareLosses(learning, settings);
    compareWeights(factors);
  }

  /** Takes the steps, and compares losses. */
  void compareLosses(TrainingStep learning, TrainingSettings settings) {
    try (TensorScope scope = TensorScope.open()) {
      float[] losses = ImageTensors.floats(expected.read("loss"));
      for (int step = 0; step < losses.length; step++) {
        learning.backward(batch(given, step), settings);
        assertEquals(
            losses[step],
            learning.optimize(settings, RATE),
            TOLERANCE * losses[step],
            "loss of step " + step);
      }
    }
  }

  private Set<String> names(String prefix) {
    return expected.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .collect(Collectors.toSet());
  }

  private void compareGradients(TrainingStep learning, TrainableAdapter factors) {
    try (TensorScope scope = TensorScope.open()) {
      learning.loss(batch(given, 0), 0, SegmentRunner.PLAIN).backward();
      factors.weights().leaves().forEach((name, leaf) -> {
        Closeness.assertWithinSpread(
            TOLERANCE, expected.read("gradient." + name), leaf.grad().detach(), name);
        leaf.grad().zero_();
      });
    }
  }

  // AdamW's first steps are little more than signs, so where a gradient is rounding noise its step
  // is too: the
  // reference without oneDNN and fused attention differs from itself by 6e-4 in one tensor.
  private void compareWeights(TrainableAdapter factors) {
    double wrong = 0;
    double whole = 0;
    for (Map.Entry<String, Tensor> leaf : factors.weights().leaves().entrySet()) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor after = expected.read("after." + leaf.getKey());
        double difference = after.sub(leaf.getValue().detach()).norm().item_double();
        double length = after.norm().item_double();
        assertTrue(
            difference <= 1e-3 * length,
            leaf.getKey() + ": differs by " + difference + " of " + length);
        wrong += difference * difference;
        whole += length * length;
      }
    }
    assertTrue(
        Math.sqrt(wrong / whole) <= TOLERANCE,
        "all weights: differ by " + Math.sqrt(wrong / whole));
  }
}
