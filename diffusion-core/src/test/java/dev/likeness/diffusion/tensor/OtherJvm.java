package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Processes that tests start. */
public final class OtherJvm {
  private static final int MINUTES = 10;

  private OtherJvm() {}

  /** A JVM of 256 MiB with the class path of the tests, which runs {@code main}. */
  public static ProcessBuilder command(Class<?> main, Object... args) {
    return command(List.of("-Xmx256m"), main, args);
  }

  /** A JVM with further options, of which the last of a kind counts, which runs {@code main}. */
  public static ProcessBuilder command(List<String> options, Class<?> main, Object... args) {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(main.getName());
    Stream.of(args).map(Object::toString).forEach(command::add);
    return new ProcessBuilder(command);
  }

  /**
   * How a process ended; one that does not end, however slow the machine, is ended and fails the
   * test.
   */
  public static int exitOf(Process process) throws InterruptedException {
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      return fail("the process hangs: " + process.info().commandLine().orElse("" + process.pid()));
    }
    return process.exitValue();
  }
}
