package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CpuSettingsTest {
  @Test
  void namesTheVariablesThatAreMissing() {
    assertEquals(CpuSettings.environment(), CpuSettings.missing(Map.of("HOME", "/")));
    assertEquals(Map.of(), CpuSettings.missing(CpuSettings.environment()));
    Map<String, String> missing =
        CpuSettings.missing(Map.of("MALLOC_ARENA_MAX", "2", "GOMP_SPINCOUNT", "0"));
    assertEquals(
        CpuSettings.environment().size() - 2,
        missing.size(),
        "another value is its operator's choice");
    assertEquals("PASSIVE", missing.get("OMP_WAIT_POLICY"));
  }
}
