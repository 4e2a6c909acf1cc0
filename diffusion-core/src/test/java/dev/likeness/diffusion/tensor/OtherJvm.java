package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.TimeUnit;

/** Processes that tests start. */
public final class OtherJvm {
  private static final int MINUTES = 10;

  private OtherJvm() {}

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
