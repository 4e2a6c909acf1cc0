package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.lora.training.LearningRateScheduler;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The learning rate at each step, beside {@code get_scheduler} of diffusers 0.42.1. */
class LearningRatesTest {
  private static final double PEAK = 1e-3;

  static Stream<Map<String, Object>> cases() throws IOException {
    try (InputStream in =
        LearningRatesTest.class.getResourceAsStream("/golden/learning-rates.json")) {
      Map<String, Object> golden = JSON.std.mapFrom(in);
      assertEquals(PEAK, golden.get("peak"));
      return ((List<?>) golden.get("cases")).stream().map(LearningRatesTest::fields);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> fields(Object given) {
    return (Map<String, Object>) given;
  }

  // Doubles of one formula: the last bits differ by the order of products.
  @ParameterizedTest
  @MethodSource("cases")
  void equalsThoseOfDiffusers(Map<String, Object> golden) {
    LearningRateSchedule schedule = TrainingStep.schedule(TrainingSettings.balanced()
        .learningRate(PEAK)
        .learningRateScheduler(scheduler((String) golden.get("name")))
        .steps((int) golden.get("steps"))
        .warmupSteps((int) golden.get("warmup"))
        .learningRateCycles((int) golden.get("cycles")));
    List<?> rates = (List<?>) golden.get("rates");
    for (int step = 0; step < rates.size(); step++) {
      assertEquals(
          ((Number) rates.get(step)).doubleValue(),
          schedule.at(step),
          1e-15,
          golden.get("name") + " at step " + step);
    }
  }

  private static LearningRateScheduler scheduler(String name) {
    return name.equals("constant_with_warmup")
        ? LearningRateScheduler.CONSTANT
        : Stream.of(LearningRateScheduler.values())
            .filter(each -> each.name().equalsIgnoreCase(name))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void hasNoStepWithoutEffectByDefault() {
    TrainingSettings few =
        TrainingSettings.balanced().learningRate(PEAK).steps(4).warmupSteps(2);
    double[] rates = IntStream.range(0, 4)
        .mapToDouble(step -> TrainingStep.schedule(few).at(step) / PEAK)
        .toArray();
    double[] cosine = IntStream.range(0, 4)
        .mapToDouble(step -> 0.5 * (1 + Math.cos(Math.PI * step / 4)))
        .toArray();
    assertEquals(0.5 * cosine[0], rates[0], 1e-15);
    assertEquals(cosine[1], rates[1], 1e-15);
    assertEquals(cosine[3], rates[3], 1e-15);
  }

  @Test
  void staysConstantForScheduleFreeAdamWWhateverTheScheduler() {
    for (LearningRateScheduler scheduler : LearningRateScheduler.values()) {
      LearningRateSchedule schedule = TrainingStep.schedule(TrainingSettings.balanced()
          .optimizer(TrainingOptimizer.ADAMW_SCHEDULE_FREE)
          .learningRateScheduler(scheduler)
          .learningRate(PEAK)
          .warmupSteps(2)
          .steps(9));
      assertEquals(PEAK / 2, schedule.at(0), 1e-15, scheduler.name());
      assertEquals(PEAK, schedule.at(8), 1e-15, scheduler.name());
    }
  }
}
