package dev.likeness.diffusion.internal.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process that was started without the launcher gets. */
class LateSettingsTest {
  /** Loads libtorch, and prints the line of the error if that fails. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      try {
        LibTorch.load();
      } catch (ResourceLimitException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void openMpGetsTheSettingsThatTheProcessWasStartedWithout() throws IOException {
    assumeTrue(Loader.Detector.getPlatform().startsWith("linux-"), "settings are for Linux");
    String output = run(Map.of("OMP_DISPLAY_ENV", "verbose"));
    assertTrue(output.contains("OMP_WAIT_POLICY = 'PASSIVE'"), output);
    assertTrue(output.contains("GOMP_SPINCOUNT = '10000'"), output);
  }

  @Test
  void aVariableOfTheOperatorKeepsItsValue() throws IOException {
    assumeTrue(Loader.Detector.getPlatform().startsWith("linux-"), "settings are for Linux");
    String output = run(Map.of("OMP_DISPLAY_ENV", "verbose", "OMP_WAIT_POLICY", "ACTIVE"));
    assertTrue(output.contains("OMP_WAIT_POLICY = 'ACTIVE'"), output);
    assertTrue(output.contains("GOMP_SPINCOUNT = '10000'"), output);
  }

  @Test
  void openMpHasNoMoreThreadsThanTheProcessMayUse() throws IOException {
    assumeTrue(Loader.Detector.getPlatform().startsWith("linux-"), "settings are for Linux");
    Map<String, String> shown = Map.of("OMP_DISPLAY_ENV", "verbose");
    String output = run(shown, "-XX:ActiveProcessorCount=1");
    assertTrue(output.contains("OMP_NUM_THREADS = '1'"), output);
    output = run(
        Map.of("OMP_DISPLAY_ENV", "verbose", "OMP_NUM_THREADS", "3"), "-XX:ActiveProcessorCount=1");
    assertTrue(output.contains("OMP_NUM_THREADS = '3'"), output);
  }

  @Test
  void countsCoresAndNotTheirHyperThreads(@TempDir Path processors) throws IOException {
    assertEquals(Integer.MAX_VALUE, NativeLibraries.physicalCores(processors));
    for (int cpu = 0; cpu < 12; cpu++) {
      Path topology = processors.resolve("cpu" + cpu + "/topology");
      Files.createDirectories(topology);
      Files.writeString(
          topology.resolve("thread_siblings_list"), cpu % 6 + "," + (cpu % 6 + 6) + "\n");
    }
    Files.createDirectories(processors.resolve("cpufreq"));
    assertEquals(6, NativeLibraries.physicalCores(processors));
    assertEquals(Integer.MAX_VALUE, NativeLibraries.physicalCores(processors.resolve("missing")));
  }

  @Test
  void deniedNativeAccessIsOneLine() throws IOException {
    assumeTrue(Runtime.version().feature() >= 24, "JDK 24 and newer can deny native access");
    assertEquals(
        "the JVM denies access to native libraries; start it with"
            + " --enable-native-access=ALL-UNNAMED",
        run(Map.of(), "--illegal-native-access=deny").strip());
  }

  @Test
  void allowedNativeAccessPrintsNothing() throws IOException {
    assertEquals("", run(Map.of(), "--enable-native-access=ALL-UNNAMED"));
  }

  private static String run(Map<String, String> environment, String... options) throws IOException {
    ProcessBuilder builder =
        OtherJvm.command(List.of(options), Program.class).redirectErrorStream(true);
    builder.environment().keySet().removeAll(NativeLibraries.cpuVariables().keySet());
    builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "OMP_NUM_THREADS"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
