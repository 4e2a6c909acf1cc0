package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C on the real process. */
class InterruptTest {
  private static final int SIGINT_BIT = 1 << 1;

  @TempDir
  private Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void endsWith130AndLeavesNothing() throws IOException, InterruptedException {
    assumeFalse(
        ignoresInterrupts(), "this process tree ignores SIGINT, as background jobs of a shell do");
    Path out = folder.resolve("out");
    Process process = new ProcessBuilder(List.of(
            Outside.jdk("java"),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.likeness.cli.LikenessCommand",
            "generate",
            "--base",
            TinyBase.in(folder).toString(),
            "--prompt",
            "x",
            "--steps",
            "900",
            "--out",
            out.toString()))
        .start();
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      String line = err.readLine();
      while (line != null && !line.startsWith("sample 1")) {
        line = err.readLine();
      }
      assertTrue(line != null, "it ended before it drew");
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertTrue(process.waitFor(1, TimeUnit.MINUTES));
      assertEquals(
          List.of("likeness: cancelled; no half-written file was left"),
          err.lines().filter(rest -> rest.startsWith("likeness:")).toList());
    }
    assertEquals(130, process.exitValue());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  private static boolean ignoresInterrupts() throws IOException {
    String ignored = Files.readString(Path.of("/proc/self/status"))
        .lines()
        .filter(line -> line.startsWith("SigIgn:"))
        .findFirst()
        .orElse("SigIgn: 0")
        .substring("SigIgn:".length())
        .strip();
    return (Long.parseUnsignedLong(ignored, 16) & SIGINT_BIT) != 0;
  }
}
