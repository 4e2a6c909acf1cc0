package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.internal.natives.NativeLibraries;
import java.util.Map;
import java.util.TreeMap;

/**
 * Environment variables that make libtorch faster on Linux CPUs.
 *
 * <p>glibc and OpenMP read these variables when a process starts. An application that starts a
 * process puts {@link #environment} into its {@link ProcessBuilder#environment}. On Linux, the
 * library applies the setting of a missing variable itself when it loads libtorch.
 * {@code MALLOC_ARENA_MAX} then limits only threads that start later. An application should
 * therefore show {@link #missing} to its operator.
 */
public final class CpuSettings {
  private static final Map<String, String> RECOMMENDED = NativeLibraries.cpuVariables();

  private CpuSettings() {}

  /** {@return the recommended variables and their values, by name; unmodifiable} */
  public static Map<String, String> environment() {
    return RECOMMENDED;
  }

  /**
   * {@return the recommended variables that this process was started without, by name} A variable
   * that is set to a value other than the recommended one does not count as missing.
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
