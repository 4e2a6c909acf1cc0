package dev.likeness.cli.doctor;

import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.diffusion.tensor.CpuSettings;
import dev.likeness.diffusion.tensor.DeviceMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Checks the JVM, the processor and the memory. */
final class MachineCheck {
  private static final double GIB = 1 << 30;
  private static final double SMALL_GIB = 3;
  private static final Set<String> INSTRUCTIONS =
      Set.of("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16");

  private MachineCheck() {}

  static List<Finding> findings() {
    return List.of(java(), system(), memory());
  }

  private static Finding java() {
    return Finding.ofOk(
        "java",
        Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
            + System.getProperty("java.home"));
  }

  private static Finding system() {
    Set<String> known = instructions();
    return Finding.ofOk(
        "processor",
        System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
            + Runtime.getRuntime().availableProcessors() + " cores"
            + (known.isEmpty() ? "" : ", " + String.join(" ", known)));
  }

  private static Finding memory() {
    DeviceMemory memory = DeviceMemory.ofHost();
    double total = memory.total() / GIB;
    String text = memory
        + String.format(
            Locale.ROOT, "; Java heap up to %.1f GiB", Runtime.getRuntime().maxMemory() / GIB);
    return total < SMALL_GIB
        ? Finding.ofAdvice("memory", text + "; training needs 3 GiB")
        : Finding.ofOk("memory", text);
  }

  private static Set<String> instructions() {
    Set<String> known = new TreeSet<>();
    try {
      Set<String> flags = Set.of(Files.readString(Path.of("/proc/cpuinfo"))
          .lines()
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .orElse("")
          .replaceFirst("^[^:]*:", "")
          .strip()
          .split("\\s+"));
      INSTRUCTIONS.stream().filter(flags::contains).forEach(known::add);
    } catch (IOException | IllegalArgumentException notLinux) {
      return Set.of();
    }
    return known;
  }

  /**
   * Environment variables that make the CPU markedly faster. The launcher sets them; an application
   * must set them itself.
   */
  static final class SettingsCheck {
    private SettingsCheck() {}

    static List<Finding> findings() {
      Map<String, String> missing = CpuSettings.missing();
      return CpuSettings.environment().entrySet().stream()
          .map(setting -> finding(setting, missing.containsKey(setting.getKey())))
          .toList();
    }

    private static Finding finding(Map.Entry<String, String> setting, boolean missing) {
      String name = setting.getKey();
      if (!missing) {
        return Finding.ofOk("setting", name + "=" + System.getenv(name));
      }
      return NativeLibraries.appliesLate(name)
          ? Finding.ofOk("setting", setting + ", applied by the library")
          : Finding.ofAdvice(
              "setting", name + " is not set; " + setting + " is faster on Linux CPUs");
    }
  }
}
