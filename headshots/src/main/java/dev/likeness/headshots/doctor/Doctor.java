package dev.likeness.headshots.doctor;

import dev.likeness.diffusion.internal.natives.CpuFeatures;
import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.diffusion.tensor.CpuSettings;
import dev.likeness.diffusion.tensor.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Examines this machine: the JVM, the processor, memory, native libraries, devices, settings and
 * caches. The command {@code likeness doctor} prints the diagnoses.
 */
public final class Doctor {
  private static final double GIB = 1 << 30;
  private static final double SMALL_GIB = 3;
  private static final Set<String> INSTRUCTIONS =
      Set.of("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16");

  private Doctor() {}

  /**
   * Examines this machine. The first call loads libtorch and OpenCV; later calls take milliseconds.
   *
   * @return the diagnoses: JVM, processor, memory, native libraries and devices, settings, caches.
   *     A missing part leads to a diagnosis, not to an exception
   */
  public static List<Diagnosis> examine() {
    List<Diagnosis> diagnoses = new ArrayList<>(List.of(java(), processor(), memory()));
    diagnoses.addAll(NativesCheck.diagnoses());
    diagnoses.addAll(settings());
    diagnoses.addAll(NativesCheck.CachesCheck.diagnoses());
    return diagnoses;
  }

  /**
   * The finding about one part of the machine.
   *
   * @param state the state of the part
   * @param subject name of the part, such as {@code memory}; several diagnoses may have the same
   *     name
   * @param text the finding and, for a problem, the remedy; one line
   */
  public record Diagnosis(State state, String subject, String text) {
    /** The state of a part. */
    public enum State {
      /** Nothing to do. */
      OK,
      /** The part can be used; the text says how to improve it. */
      ADVICE,
      /** The part is missing, so generation fails. */
      MISSING
    }

    static Diagnosis ofOk(String subject, String text) {
      return new Diagnosis(State.OK, subject, text);
    }

    static Diagnosis ofAdvice(String subject, String text) {
      return new Diagnosis(State.ADVICE, subject, text);
    }

    static Diagnosis ofMissing(String subject, String text) {
      return new Diagnosis(State.MISSING, subject, text);
    }

    /** {@return true if the part is missing, so that generation fails} */
    public boolean isMissing() {
      return state == State.MISSING;
    }

    /** Returns a line with state, subject and text in columns. */
    @Override
    public String toString() {
      String mark =
          switch (state) {
            case OK -> "ok";
            case ADVICE -> "advice";
            case MISSING -> "MISSING";
          };
      return String.format(Locale.ROOT, "%-8s %-12s %s", mark, subject, text);
    }
  }

  private static Diagnosis java() {
    return Diagnosis.ofOk(
        "java",
        Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
            + System.getProperty("java.home"));
  }

  private static Diagnosis processor() {
    Set<String> known = instructions();
    return Diagnosis.ofOk(
        "processor",
        System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
            + Runtime.getRuntime().availableProcessors() + " cores"
            + (known.isEmpty() ? "" : ", " + String.join(" ", known)));
  }

  private static Diagnosis memory() {
    DeviceMemory memory = DeviceMemory.ofHost();
    double total = memory.total() / GIB;
    String text = memory
        + String.format(
            Locale.ROOT, "; Java heap up to %.1f GiB", Runtime.getRuntime().maxMemory() / GIB);
    return total < SMALL_GIB
        ? Diagnosis.ofAdvice("memory", text + "; training needs 3 GiB")
        : Diagnosis.ofOk("memory", text);
  }

  private static Set<String> instructions() {
    Set<String> known = new TreeSet<>(CpuFeatures.ofMachine().flags());
    known.retainAll(INSTRUCTIONS);
    return known;
  }

  // Environment variables that make the CPU markedly faster. The launcher sets them; an application
  // must set them itself.
  private static List<Diagnosis> settings() {
    Map<String, String> missing = CpuSettings.missing();
    return CpuSettings.environment().entrySet().stream()
        .map(setting -> setting(setting, missing.containsKey(setting.getKey())))
        .toList();
  }

  private static Diagnosis setting(Map.Entry<String, String> setting, boolean missing) {
    String name = setting.getKey();
    if (!missing) {
      return Diagnosis.ofOk("setting", name + "=" + System.getenv(name));
    }
    return NativeLibraries.appliesLate(name)
        ? Diagnosis.ofOk("setting", setting + ", applied by the library")
        : Diagnosis.ofAdvice(
            "setting", name + " is not set; set " + setting + ", which is faster on Linux CPUs");
  }
}
