package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ClusterSimulationTest {
  @Test
  void aHundredThousandPeopleTakeHardlyLongerThanTheBound() {
    ClusterSimulation.Outcome outcome =
        new ClusterSimulation(100_000, 8, 60, 0.3, 0.05, 40, 15, 1).run();
    System.out.println("simulation: " + outcome);
    assertEquals(100_000, outcome.finished(), "nobody may be lost");
    assertTrue(outcome.failures() > 0);
    assertTrue(outcome.ratio() >= 1, outcome.toString());
    // Failures cost 0.05 an hour times at most 55 s, and the last people at most a few minutes.
    assertTrue(outcome.ratio() < 1.005, outcome.toString());
  }

  @Test
  void withoutSkewAndFailuresTheMakespanIsExact() {
    ClusterSimulation.Outcome outcome = new ClusterSimulation(10, 4, 60, 0, 0, 30, 0, 1).run();
    assertEquals(30 + 3 * 60, outcome.makespan(), 1e-9);
    assertEquals(30 + 150, outcome.bound(), 1e-9);
  }

  @Test
  void moreFailuresTakeLonger() {
    double before = 0;
    for (double rate : new double[] {0, 1, 10}) {
      double makespan =
          new ClusterSimulation(1000, 8, 60, 0.3, rate, 40, 15, 1).run().makespan();
      assertTrue(makespan > before, rate + " failures: " + makespan);
      before = makespan;
    }
  }

  @Test
  void refusesAClusterWithoutExecutors() {
    assertThrows(
        IllegalArgumentException.class, () -> new ClusterSimulation(1, 0, 60, 0, 0, 0, 0, 1));
  }
}
