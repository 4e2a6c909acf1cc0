package dev.likeness.diffusion.tensor;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Environment settings that make libtorch markedly faster on Linux CPUs, as measured
 * (docs/guides/go-faster.md says why). glibc and OpenMP read them when a process starts, so none can be
 * set from inside: an application that starts a process to draw in puts {@link #environment} into
 * its {@link ProcessBuilder#environment}, and one that draws in its own asks {@link #missing} at
 * its start what to tell its operator. Nothing is set here.
 */
public final class CpuSettings {
  private static final Map<String, String> RECOMMENDED =
      Collections.unmodifiableMap(new TreeMap<>(Map.of(
          "MALLOC_ARENA_MAX",
          "1",
          "MALLOC_MMAP_THRESHOLD_",
          "150000000",
          "MALLOC_TRIM_THRESHOLD_",
          "400000000",
          "OPENBLAS_NUM_THREADS",
          "1",
          "OMP_WAIT_POLICY",
          "PASSIVE",
          "GOMP_SPINCOUNT",
          "10000")));

  private CpuSettings() {}

  /** The variables and their values, by name; unmodifiable. */
  public static Map<String, String> environment() {
    return RECOMMENDED;
  }

  /** Those that this process was started without, whatever the values of others; by name. */
  public static Map<String, String> missing() {
    return missing(System.getenv());
  }

  static Map<String, String> missing(Map<String, String> environment) {
    Map<String, String> missing = new TreeMap<>(RECOMMENDED);
    missing.keySet().removeAll(environment.keySet());
    return missing;
  }
}
