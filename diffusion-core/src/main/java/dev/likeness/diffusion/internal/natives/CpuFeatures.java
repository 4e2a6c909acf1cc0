package dev.likeness.diffusion.internal.natives;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the CPU of this machine can do, as Linux tells it. On other systems nothing is known.
 *
 * @param vendor such as {@code GenuineIntel}; empty if it is unknown
 * @param flags the names of instruction sets, sorted
 */
public record CpuFeatures(String vendor, Set<String> flags) {
  /** Holder; a CPU does not change. */
  private static final class Machine {
    static final CpuFeatures FEATURES = read(Path.of("/proc/cpuinfo"));
  }

  /** Returns the features of this machine's first core. */
  public static CpuFeatures ofMachine() {
    return Machine.FEATURES;
  }

  private static CpuFeatures read(Path file) {
    try {
      return of(Files.readString(file));
    } catch (IOException notLinux) {
      return of("");
    }
  }

  /** Reads the first core of the text of {@code /proc/cpuinfo}. ARM calls flags features. */
  static CpuFeatures of(String text) {
    String flags = value(text, "flags");
    String all = flags.isEmpty() ? value(text, "Features") : flags;
    Set<String> names = new TreeSet<>(Arrays.asList(all.split("\\s+")));
    names.remove("");
    return new CpuFeatures(value(text, "vendor_id"), names);
  }

  private static String value(String text, String key) {
    return text.lines()
        .filter(line -> line.matches(key + "\\s*:.*"))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("");
  }

  /** Returns true if there are instructions for dot products of bf16. */
  public boolean multipliesBf16() {
    return hasAny("avx512_bf16", "amx_bf16");
  }

  /** Returns true if there are instructions for dot products of bytes. */
  public boolean multipliesBytes() {
    return hasAny("avx512_vnni", "avx_vnni", "amx_int8");
  }

  /**
   * Returns true if products of f32 take less time than those of bf16. So it is on Intel's CPUs
   * with AVX512-FP16 whose AMX the virtual machine hides: their dot products of bf16 without AMX
   * run at half the rate of f32 (benchmarks/cpu-kernels.md).
   */
  public boolean multipliesF32Faster() {
    return vendor.equals("GenuineIntel")
        && flags.contains("avx512_fp16")
        && !flags.contains("amx_bf16");
  }

  /** Returns true if AVX2 has the widest vectors of this CPU. */
  public boolean endsWithAvx2() {
    return flags.contains("avx2") && !flags.contains("avx512f");
  }

  private boolean hasAny(String... names) {
    return Arrays.stream(names).anyMatch(flags::contains);
  }
}
