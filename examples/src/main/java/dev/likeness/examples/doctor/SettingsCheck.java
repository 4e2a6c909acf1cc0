package dev.likeness.examples.doctor;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Environment settings that make the CPU markedly faster; the launcher sets them, an application must. */
final class SettingsCheck {
  private static final Map<String, String> WANTED = new TreeMap<>(Map.of("MALLOC_ARENA_MAX", "1",
      "MALLOC_MMAP_THRESHOLD_", "150000000", "MALLOC_TRIM_THRESHOLD_", "400000000", "OPENBLAS_NUM_THREADS", "1",
      "OMP_WAIT_POLICY", "PASSIVE", "GOMP_SPINCOUNT", "10000"));

  private SettingsCheck() {}

  static List<Finding> findings() {
    return WANTED.entrySet().stream().map(setting -> finding(setting.getKey(), setting.getValue())).toList();
  }

  private static Finding finding(String name, String wanted) {
    String given = System.getenv(name);
    if (given == null) {
      return Finding.advice("setting", name + " is not set; " + name + "=" + wanted + " is faster on Linux CPUs");
    }
    return Finding.ok("setting", name + "=" + given);
  }
}
