package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.portrait.PortraitModel;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ExecutorMemoryTest {
  @Test
  void sparkIsToldTheMemoryOfAllTasksAndTheBaseOnce() {
    ShootRequest request = ShootRequest.of(Style.defaults(), 4);
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"))) {
      ExecutorMemory one = ExecutorMemory.of(base, request, 1);
      ExecutorMemory two = ExecutorMemory.of(base, request, 2);
      assertTrue(one.weights() > 0 && one.task() > 0 && one.process() > 0, one.toString());
      double more = (two.overheadMiB() - one.overheadMiB()) * (double) (1 << 20);
      assertEquals(1.15 * one.task(), more, 2 << 20, "a task needs its own memory only");

      SparkConf empty = two.applyTo(new SparkConf(false));
      assertEquals(two.overheadMiB() + "m", empty.get(ExecutorMemory.OVERHEAD));
      SparkConf given = new SparkConf(false).set(ExecutorMemory.OVERHEAD, "5g");
      assertEquals("5g", two.applyTo(given).get(ExecutorMemory.OVERHEAD));
      assertThrows(IllegalArgumentException.class, () -> ExecutorMemory.of(base, request, 0));
    }
  }

  @Test
  void theProgramCountsWeightsInTheElementTypeOfTheJob() {
    System.setProperty("spark.master", "spark://host:7077");
    try {
      assertTrue(overhead("f32") > overhead("bf16"));
      assertEquals(overhead("bf16"), overhead("f16"));
    } finally {
      System.clearProperty("spark.master");
    }
  }

  private static long overhead(String dtype) {
    Map<String, String> options = SparkHeadshots.parse(
        "--base",
        PortraitModel.files().getFileName().toString(),
        "--out",
        "o",
        "--people",
        "p",
        "--dtype",
        dtype);
    return SparkHeadshots.configuration(options).getSizeAsMb(ExecutorMemory.OVERHEAD);
  }

  @Test
  void theProgramNamesWrongOptions() {
    assertEquals(
        "give either --people URI to generate headshots, or --erase ID to erase a person",
        assertThrows(
                InvalidInputException.class,
                () -> SparkHeadshots.parse("--base", "b", "--out", "o"))
            .getMessage());
    assertTrue(assertThrows(InvalidInputException.class, () -> SparkHeadshots.parse("--bse", "b"))
        .getMessage()
        .startsWith("unknown option \"--bse\"; known: --base, --out"));
    assertEquals(
        "the option --out has no value; give one",
        assertThrows(InvalidInputException.class, () -> SparkHeadshots.parse("--out"))
            .getMessage());
    assertEquals(
        "the option --save-interval must be a whole number, got \"often\"; give 1 to 24 steps",
        assertThrows(
                InvalidInputException.class,
                () -> SparkHeadshots.parse(
                    "--base", "b", "--out", "o", "--people", "p", "--save-interval", "often"))
            .getMessage());
    assertEquals(
        "the save interval must be 1 to 24 steps, got 25",
        assertThrows(IllegalArgumentException.class, () -> JobSettings.on(null).saveInterval(25))
            .getMessage());
  }
}
