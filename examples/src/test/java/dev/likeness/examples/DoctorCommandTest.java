package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void looksAtEverythingThatDrawingNeeds() {
    CommandRun run = CommandRun.of("doctor");
    assertEquals(0, run.status(), run.out() + run.err());
    for (String subject : List.of("java", "processor", "memory", "libtorch", "cuda", "computes on", "opencv",
        "tokenizers",
        "setting", "cache", "portrait")) {
      assertTrue(run.out().lines().anyMatch(line -> line.substring(9).startsWith(subject + " ")), subject + "\n"
          + run.out());
    }
  }

  @Test
  void findsNothingMissingWhereTheTestsRun() {
    assertTrue(CommandRun.of("doctor").out().lines().noneMatch(line -> line.startsWith("MISSING")));
  }
}
