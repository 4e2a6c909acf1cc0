package dev.likeness.diffusion.tensor;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Environment variables that make libtorch faster on Linux CPUs.
 *
 * <p>glibc and OpenMP read these variables when a process starts, so a running process cannot set
 * them for itself. An application that starts a process puts {@link #environment} into its
 * {@link ProcessBuilder#environment}. An application that generates in its own process reports
 * {@link #missing} to its operator. This class changes no variable.
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

  /** {@return the recommended variables and their values, by name; unmodifiable} */
  public static Map<String, String> environment() {
    return RECOMMENDED;
  }

  /**
   * {@return the recommended variables that this process was started without, by name} A variable
   * with another value does not count as missing.
   */
  public static Map<String, String> missing() {
    return missing(System.getenv());
  }

  static Map<String, String> missing(Map<String, String> environment) {
    Map<String, String> missing = new TreeMap<>(RECOMMENDED);
    missing.keySet().removeAll(environment.keySet());
    return missing;
  }
}
