package dev.likeness.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program run outside this JVM.
 *
 * @param status its exit status
 * @param output what it printed to either stream
 */
public record Outside(int status, String output) {
  private static final int PATIENCE_MINUTES = 10;

  /** The root of the checkout, which the tests of this module run below. */
  public static final Path ROOT = root();

  /** Runs a command in {@code folder} and waits for its end. */
  public static Outside run(Path folder, Map<String, String> environment, List<String> command) {
    try {
      Path log = Files.createTempFile("outside", ".log");
      ProcessBuilder builder = new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(log.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }
      String output = Files.readString(log, StandardCharsets.UTF_8);
      Files.delete(log);
      return new Outside(process.waitFor(), output);
    } catch (IOException e) {
      throw new IllegalStateException(command.get(0) + " did not start: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + command.get(0) + " ran", e);
    }
  }

  /** The version of this build. */
  public static String version() {
    try {
      String pom = Files.readString(ROOT.resolve("pom.xml"));
      return pom.replaceFirst("(?s).*?<version>(.*?)</version>.*", "$1");
    } catch (IOException e) {
      throw new IllegalStateException("no pom.xml in " + ROOT, e);
    }
  }

  /** A program of the JDK that runs the tests. */
  public static String jdk(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("examples/consumer"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
