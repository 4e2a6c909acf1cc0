package dev.likeness.diffusion.internal.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.NumericSamplingLoop;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class SamplingLoopTest {
  private static final long[] SHAPE = {2, 3, 4};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DDIMScheduler",
        "DDPMScheduler",
        "PNDMScheduler",
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
        "DPMSolverMultistepScheduler",
        "HeunDiscreteScheduler",
        "UniPCMultistepScheduler"
      })
  void samplesTensorsAsTheNumericLoopSamplesNumbers(String scheduler) {
    SamplingPlan plan = SchedulerConfig.of(Map.of("_class_name", scheduler, "thresholding", false))
        .plan(7);
    try (TensorScope scope = TensorScope.open();
        NoiseSource tensors = NoiseSource.seeded(5);
        NoiseSource numbers = NoiseSource.seeded(5)) {
      Tensor start = tensors.next(SHAPE).mul(new Scalar(plan.initNoiseSigma()));
      float[] drawn = ImageTensors.floats(
          SamplingLoop.sample(start, plan, SamplingLoopTest::network, tensors, StepListener.NONE));
      double[] first =
          doubles(ImageTensors.floats(numbers.next(SHAPE).mul(new Scalar(plan.initNoiseSigma()))));
      NumericSamplingLoop numeric = new NumericSamplingLoop(
          SamplingLoopTest::network, () -> doubles(ImageTensors.floats(numbers.next(SHAPE))));
      double[] expected = numeric.sample(first, plan);
      double spread =
          Math.sqrt(Arrays.stream(expected).map(v -> v * v).average().orElseThrow());
      assertArrayEquals(expected, doubles(drawn), 2e-5 * spread);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"euler_ancestral_cfg_pp", "dpmpp_2m_cfg_pp", "res_multistep_cfg_pp"})
  void givesSolversTheUnguidedOutput(String sampler) {
    SamplingPlan plan = SchedulerConfig.named(sampler).plan(7);
    Predictor guided = new GuidedPredictor.Guidance(
        (input, step) -> {
          Tensor answer = network(input, step);
          return new GuidedPredictor.Predictions(answer.mul(new Scalar(0.7)), answer);
        },
        (answers, step) -> answers.positive());
    NumericSamplingLoop.Network numbers = new NumericSamplingLoop.Network() {
      @Override
      public double[] predict(double[] x, double timestep) {
        return network(x, timestep);
      }

      @Override
      public double[] unguided(double[] x, double timestep, double[] answer) {
        return Arrays.stream(answer).map(v -> 0.7 * v).toArray();
      }
    };
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(5);
        NoiseSource same = NoiseSource.seeded(5)) {
      Tensor start = random.next(SHAPE).mul(new Scalar(plan.initNoiseSigma()));
      Tensor drawn = SamplingLoop.sample(
          start, plan, TiledPredictor.of(guided, 3, 2), random, StepListener.NONE);
      double[] first =
          doubles(ImageTensors.floats(same.next(SHAPE).mul(new Scalar(plan.initNoiseSigma()))));
      double[] expected = new NumericSamplingLoop(
              numbers, () -> doubles(ImageTensors.floats(same.next(SHAPE))))
          .sample(first, plan);
      assertArrayEquals(expected, doubles(ImageTensors.floats(drawn)), 1e-4);
    }
  }

  @Test
  void clipsAsThePlanSays() {
    SamplingPlan plan = SchedulerConfig.of(
            Map.of("_class_name", "DDIMScheduler", "clip_sample", true, "clip_sample_range", 0.25))
        .plan(3);
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(1)) {
      Tensor start = random.next(SHAPE);
      Tensor last =
          SamplingLoop.sample(start, plan, SamplingLoopTest::network, random, StepListener.NONE);
      assertEquals(
          0.25, last.abs().max().item_double(), 1e-6, "some of a clipped image lies on the limit");
    }
  }

  @Test
  void stopsWithinAStepOfItsListenerAndKeepsNothing() {
    SamplingPlan plan = SchedulerConfig.named("DDIMScheduler").plan(10);
    AtomicInteger heard = new AtomicInteger();
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(1)) {
      Tensor start = random.next(SHAPE);
      assertThrows(
          CancelledException.class,
          () -> SamplingLoop.sample(
              start, plan, SamplingLoopTest::network, random, (step, of, x, denoised) -> {
                assertEquals(10, of);
                if (heard.incrementAndGet() == 3) {
                  throw new CancelledException("enough");
                }
              }));
    }
    assertEquals(3, heard.get());
  }

  private static Tensor network(Tensor x, dev.likeness.schedulers.Step step) {
    return torch.tanh(x.mul(new Scalar(0.7))).add(new Scalar(1e-4 * step.timestep()));
  }

  private static double[] network(double[] x, double timestep) {
    return Arrays.stream(x).map(v -> Math.tanh(0.7 * v) + 1e-4 * timestep).toArray();
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }
}
