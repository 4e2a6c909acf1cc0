package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C on the real process. */
@EnabledOnOs(OS.LINUX)
class InterruptTest {
  private static final int SIGINT_BIT = 1 << 1;

  @TempDir
  private Path folder;

  @BeforeEach
  void processesCanBeInterrupted() throws IOException {
    assumeFalse(
        ignoresInterrupts(), "this process tree ignores SIGINT, as background jobs of a shell do");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void cancelsTheWorkAndLeavesNothing(String signal, int status)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Process process = start(
        LikenessCommand.class,
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "x",
        "--steps",
        "900",
        "--out",
        out.toString());
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      await(err, "sample 1");
      kill(signal, process);
      assertEquals(
          List.of("likeness: cancelled; no half-written file was left"),
          err.lines().filter(rest -> rest.startsWith("likeness:")).toList());
    }
    assertEquals(status, exitOf(process));
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @ParameterizedTest
  @CsvSource({"INT, INT, 130", "TERM, TERM, 143", "TERM, INT, 130"})
  void theSecondSignalEndsTheProcessAtOnceAndLeavesNothing(String first, String second, int status)
      throws IOException, InterruptedException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Process process = start(StubbornProgram.class, out.resolve("file").toString());
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      await(err, StubbornProgram.WRITING);
      assertEquals(1, TinyBase.namesIn(out).size());
      kill(first, process);
      await(err, "likeness: cancelling after this part of the work; Ctrl-C again ends at once");
      assertTrue(process.isAlive());
      kill(second, process);
      assertEquals(List.of(), err.lines().toList());
    }
    assertEquals(status, exitOf(process));
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  private static Process start(Class<?> program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Outside.jdk("java"),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        program.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  private static void await(BufferedReader err, String start) throws IOException {
    String line = err.readLine();
    while (line != null && !line.startsWith(start)) {
      line = err.readLine();
    }
    assertTrue(line != null, "it ended before \"" + start + "\"");
  }

  private static void kill(String signal, Process process)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
        .start()
        .waitFor();
  }

  private static int exitOf(Process process) throws InterruptedException {
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return process.waitFor();
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
