package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.PipelineFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands write where the user says: not beside, nor in the temporary or the home folder. */
class WrittenFilesTest {
  private static final Path HOME = Path.of(System.getProperty("user.home"));

  @TempDir
  private Path folder;

  /** Runs commands, one after the other; a command's words are parted by line feeds. */
  static final class Program {
    private Program() {}

    public static void main(String[] commands) throws IOException {
      for (String command : commands) {
        CommandResult run = CommandResult.of(command.split("\n"));
        if (run.status() != 0) {
          System.out.println(run);
          System.exit(1);
        }
      }
      if (System.getProperty("spoil") != null) {
        Files.createTempFile("left", ".txt");
      }
    }
  }

  @Test
  void lieWhereTheUserSays() throws IOException {
    Path work = Files.createDirectory(folder.resolve("work"));
    assertEquals(List.of(), written(work, false));
    assertTrue(Files.exists(work.resolve("converted.safetensors")));
    assertTrue(Files.exists(work.resolve("images/image-001.png")));
    assertEquals(
        1, written(Files.createDirectory(folder.resolve("again")), true).size());
  }

  /** The files outside {@code work} that commands leave. */
  private List<Path> written(Path work, boolean spoils) throws IOException {
    Path base = PipelineFolder.any("sd1/base", Path.of(work + "-models"));
    Path temporary = Files.createDirectory(Path.of(work + "-tmp"));
    Path home = Files.createDirectory(Path.of(work + "-home"));
    Path current = Files.createDirectory(Path.of(work + "-current"));
    List<Path> watched = List.of(temporary, home, current, base);
    List<Path> before = files(watched);
    List<String> line = new ArrayList<>(List.of(
        Outside.jdk("java"),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-Djava.awt.headless=true",
        "-Djava.io.tmpdir=" + temporary,
        "-Duser.home=" + home,
        // The exception: native libraries are unpacked where they are already.
        "-Dorg.bytedeco.javacpp.cachedir="
            + Optional.ofNullable(System.getProperty("org.bytedeco.javacpp.cachedir"))
                .orElse(HOME.resolve(".javacpp/cache").toString()),
        "-DDJL_CACHE_DIR=" + HOME.resolve(".djl.ai"),
        "-Djna.tmpdir=" + HOME.resolve(".cache/JNA")));
    if (spoils) {
      line.add("-Dspoil=true");
    }
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
    line.add(String.join("\n", "inspect", base.toString()));
    if (!spoils) {
      line.addAll(commands(base, work.resolve("images"), work.resolve("converted.safetensors")));
    }
    Outside run = Outside.run(current, Map.of("HOME", home.toString()), line);
    assertEquals(0, run.status(), run.output());
    List<Path> left = new ArrayList<>(files(watched));
    left.removeAll(before);
    return left;
  }

  private static List<String> commands(Path base, Path images, Path converted) {
    Path photos = Outside.ROOT.resolve("examples/photos/person-5000000002");
    String generate =
        "generate --prompt person --steps 1 --width 64 --height 64 --dtype f32".replace(' ', '\n');
    return List.of(
        generate + "\n--base\n" + base + "\n--out\n" + images,
        "verify\n" + images.resolve("image-001.png"),
        "photos\n" + photos,
        "convert\n" + base + "\n" + converted);
  }

  private static List<Path> files(List<Path> folders) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path folder : folders) {
      try (Stream<Path> files = Files.walk(folder)) {
        files.filter(file -> !file.equals(folder)).forEach(all::add);
      }
    }
    return all;
  }
}
