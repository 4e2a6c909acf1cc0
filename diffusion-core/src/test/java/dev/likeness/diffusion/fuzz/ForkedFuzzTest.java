package dev.likeness.diffusion.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForkedFuzzTest {
  /** Seeds that end in every way. */
  static final class Endings implements ForkedFuzz.Cases {
    private Path folder;

    @Override
    public void open(Path own) {
      folder = own;
    }

    @Override
    public boolean used(int seed) throws IOException {
      Files.writeString(folder.resolve("input"), String.valueOf(seed));
      switch (seed) {
        case 2 -> Runtime.getRuntime().halt(134);
        case 4 -> throw new IllegalStateException("two\nlines");
        case 6 -> {
          long sum = 0;
          while (sum >= 0) {
            sum = (sum + 1) & 0xff;
          }
        }
        default -> System.out.println("@ended 0 is what an input prints");
      }
      return seed != 5;
    }
  }

  /** Cases that cannot begin. */
  static final class Unopened implements ForkedFuzz.Cases {
    @Override
    public void open(Path own) throws IOException {
      throw new IOException("no folder");
    }

    @Override
    public boolean used(int seed) {
      return true;
    }
  }

  @Test
  void namesTheSeedOfEachCrashFailureAndHangAndGoesOn() throws Exception {
    int[] counts = new int[2];
    List<String> failures = ForkedFuzz.failures(Endings.class, 1, 8, 1, counts);
    assertEquals(3, failures.size(), failures::toString);
    assertTrue(
        failures.get(0).startsWith("seed 2: the process ended with status 134"), failures.get(0));
    assertTrue(
        failures.get(1).startsWith("seed 4: java.lang.IllegalStateException: two?lines at ["),
        failures.get(1));
    assertTrue(failures.get(2).startsWith("seed 6: the process ended"), failures.get(2));
    assertTrue(
        failures.get(2).contains("took too long at [app//" + Endings.class.getName()),
        failures.get(2));
    assertArrayEquals(new int[] {1, 3}, counts);
  }

  @Test
  void failsOnceIfTheCasesCannotBegin() throws Exception {
    List<String> failures = ForkedFuzz.failures(Unopened.class, 0, 5, 1, new int[2]);
    assertEquals(1, failures.size(), failures::toString);
    assertTrue(failures.get(0).contains("no folder"), failures.get(0));
  }
}
