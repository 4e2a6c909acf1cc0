package dev.likeness.examples.extension;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.TinyBase;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PowerSchedulersTest {
  @TempDir
  private Path folder;

  @Test
  void isFoundByItsName() {
    assertTrue(SchedulerConfig.classNames().contains(PowerSchedulers.CLASS_NAME));
    SamplingPlan plan = SchedulerConfig.named(PowerSchedulers.CLASS_NAME).plan(4);
    double[] trained = NoiseSchedule.stableDiffusion().sigmas();
    double largest = trained[trained.length - 1];
    assertArrayEquals(
        new double[] {largest, largest * 27 / 64, largest / 8, largest / 64},
        plan.steps().stream().mapToDouble(step -> step.level().sigma()).toArray(),
        1e-12);
  }

  @Test
  void readsItsOptionsFromAConfig() {
    SchedulerConfig config = SchedulerConfig.of(
        Map.of("_class_name", PowerSchedulers.CLASS_NAME, "power", 1, "prediction_type", "sample"));
    SamplingPlan plan = config.plan(2);
    assertEquals(
        plan.steps().get(0).level().sigma() / 2, plan.steps().get(1).level().sigma(), 1e-12);
    assertEquals(
        "PowerEulerScheduler needs a power of at least 1, got 0.5; correct the option power",
        assertThrows(IllegalArgumentException.class, () -> config.with("power", 0.5))
            .getMessage());
  }

  @Test
  void samplesAsManyStepsAsTheStrengthLeaves() {
    assertEquals(
        2,
        SchedulerConfig.named(PowerSchedulers.CLASS_NAME).plan(4, 0.5).steps().size());
  }

  @Test
  void generatesWithABase() {
    try (BaseModel base = BaseModel.open(TinyBase.in(folder))) {
      ImageRequest request = ImageRequest.of("a portrait").steps(3).seed(1);
      byte[] own = pixels(base, request.scheduler(PowerSchedulers.CLASS_NAME));
      byte[] same = pixels(
          base, request.customScheduler(base.scheduler().withClass(PowerSchedulers.CLASS_NAME)));
      assertArrayEquals(own, same);
      assertFalse(
          Arrays.equals(own, pixels(base, request)), "the base's own scheduler has other sigmas");
    }
  }

  private static byte[] pixels(BaseModel base, ImageRequest request) {
    return base.generate(request).image().rgb();
  }
}
