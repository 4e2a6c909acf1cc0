package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.request.Cancellation;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Results that cannot be written to standard output end a command with exit status 4. */
class ConsoleOutputTest {
  private static final String MESSAGE =
      "likeness: cannot write to standard output; make room on the disk that it is written to, or"
          + " keep its reader open\n";

  @TempDir
  private static Path folder;

  private static Path base;

  @BeforeAll
  static void writeInputs() {
    base = TinyBase.in(folder);
    String image = folder.resolve("made").toString();
    assertEquals(
        0, CommandResult.of(generate(image).split(" ")).status(), "the image of the checks");
  }

  private static String generate(String out) {
    return "generate --prompt x --steps 1 --dtype f32 --device cpu --base " + base + " --out "
        + out;
  }

  static Stream<String> commands() {
    String photos = Outside.ROOT.resolve("examples/photos/person-5000000002").toString();
    String image = folder.resolve("made/image-001.png").toString();
    return Stream.of(
        "--help",
        "--version",
        "headshot --help",
        "photos " + photos,
        "photos --json " + photos,
        "inspect " + base,
        "inspect --json " + base,
        "inspect " + image,
        "verify " + image,
        "verify --json " + image,
        "convert " + base + " " + folder.resolve("single.safetensors"),
        "convert " + base + " " + folder.resolve("copy"),
        generate(folder.resolve("out").toString()));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void endsWithFourIfTheDiskIsFull(String command) {
    OutputStream full = new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException("No space left on device");
      }
    };
    StringWriter err = new StringWriter();
    Console console = new Console(
        new PrintWriter(new PrintStream(full), true, StandardCharsets.UTF_8),
        new PrintWriter(err),
        false,
        new Cancellation());
    int status = LikenessCommand.run(console, command.split(" "));
    assertEquals(4, status, err.toString());
    assertTrue(err.toString().endsWith(MESSAGE), err.toString());
  }

  @Test
  void endsAProcessWithFour() {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "there is no /dev/full");
    String java = Outside.jdk("java");
    Outside run = Outside.run(
        folder,
        Map.of("CLASSPATH", System.getProperty("java.class.path")),
        List.of(
            "/bin/sh",
            "-c",
            java + " -XX:TieredStopAtLevel=1 dev.likeness.cli.LikenessCommand inspect --json "
                + base + " > /dev/full"));
    assertEquals(4, run.status(), run.output());
    assertEquals(MESSAGE, run.output());
  }
}
