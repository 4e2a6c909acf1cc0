package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Prediction;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class TrainingParityTest {
  private static final double GAMMA = 5;
  private static final double ROUNDING = 1e-6;

  private Safetensors golden;

  @BeforeEach
  void open() {
    golden = Safetensors.open(GoldenResource.file("/golden/training-parts/reference.safetensors"));
  }

  @AfterEach
  void close() {
    golden.close();
  }

  @ParameterizedTest
  @CsvSource({"EPSILON, epsilon", "V, v_prediction", "SAMPLE, sample"})
  void addsNoiseAndWeighsLossesAsDiffusersDoes(Prediction prediction, String name) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = golden.read("latents");
      Tensor noise = golden.read("noise");
      int[] timesteps = timesteps();
      DiffusionObjective plain =
          new DiffusionObjective(NoiseSchedule.stableDiffusion(), prediction, 0);
      DiffusionObjective minSnr =
          new DiffusionObjective(NoiseSchedule.stableDiffusion(), prediction, GAMMA);
      Tensor target = plain.target(latents, noise, timesteps);
      Closeness.assertWithin(
          ROUNDING,
          golden.read("noisy"),
          plain.addNoise(latents, noise, timesteps),
          "noisy latents");
      Closeness.assertWithin(ROUNDING, golden.read(name + ".target"), target, "target");
      assertEquals(
          number(name + ".loss"),
          plain.loss(golden.read("answer"), target, timesteps).item_double(),
          1e-5);
      assertEquals(
          number(name + ".weighted"),
          minSnr.loss(golden.read("answer"), target, timesteps).item_double(),
          1e-5);
    }
  }

  /**
   * Yu et al. 2023, arXiv:2310.08442, equation 10; velocities as kohya weighs them; the ratio
   * counts as 1000 at most.
   */
  @ParameterizedTest
  @CsvSource({"EPSILON, epsilon", "V, v_prediction"})
  void weighsDebiasedLossesByTheSignal(Prediction prediction, String name) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor ratio = golden.read("snr").clamp_max(new Scalar(1000));
      Tensor weights =
          prediction == Prediction.V ? ratio.add(new Scalar(1)).reciprocal() : ratio.rsqrt();
      Tensor errors = golden
          .read("answer")
          .sub(golden.read(name + ".target"))
          .square()
          .flatten(1, -1)
          .mean(1);
      DiffusionObjective debiased =
          new DiffusionObjective(NoiseSchedule.stableDiffusion(), prediction, 0, true);
      assertEquals(
          errors.mul(weights).mean().item_double(),
          debiased
              .loss(golden.read("answer"), golden.read(name + ".target"), timesteps())
              .item_double(),
          1e-4);
    }
  }

  @Test
  void knowsEachTimestepsSignalToNoiseRatio() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor expected = golden.read("snr");
      int[] timesteps = timesteps();
      for (int i = 0; i < timesteps.length; i++) {
        double snr = expected.select(0, i).item_double();
        assertEquals(snr, NoiseSchedule.stableDiffusion().snr(timesteps[i]), snr * 1e-4);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"standard", "other"})
  void movesAParameterAsTorchsAdamWDoes(String constants) {
    try (TensorScope scope = TensorScope.open();
        AdamW optimizer =
            constants.equals("standard") ? AdamW.standard() : new AdamW(0.8, 0.99, 1e-4, 0.2)) {
      Tensor leaf = golden.read("adamw.start").clone().set_requires_grad(true);
      Tensor gradients = golden.read("adamw.gradients");
      Tensor expected = golden.read("adamw." + constants);
      for (int i = 0; i < gradients.size(0); i++) {
        leaf.mutable_grad().put(gradients.select(0, i).clone());
        optimizer.step(Map.of("leaf", leaf), 0.01);
        Closeness.assertWithin(ROUNDING, expected.select(0, i), leaf, "after step " + (i + 1));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"long, 1", "short, 100"})
  void shortensGradientsAsTorchDoes(String name, double longest) {
    try (TensorScope scope = TensorScope.open()) {
      List<Tensor> leaves = IntStream.range(0, 2)
          .mapToObj(i -> {
            Tensor before = golden.read("clip." + name + "." + i + ".before");
            Tensor leaf = before.clone().set_requires_grad(true);
            leaf.mutable_grad().put(before.clone());
            return leaf;
          })
          .toList();
      assertEquals(number("clip." + name + ".norm"), GradientClipping.clip(leaves, longest), 1e-5);
      for (int i = 0; i < leaves.size(); i++) {
        Closeness.assertWithin(
            ROUNDING,
            golden.read("clip." + name + "." + i + ".after"),
            leaves.get(i).grad(),
            "gradient " + i);
      }
    }
  }

  private int[] timesteps() {
    Tensor timesteps = golden.read("timesteps");
    return IntStream.range(0, (int) timesteps.numel())
        .map(i -> (int) timesteps.select(0, i).item_long())
        .toArray();
  }

  private double number(String name) {
    return golden.read(name).item_double();
  }
}
