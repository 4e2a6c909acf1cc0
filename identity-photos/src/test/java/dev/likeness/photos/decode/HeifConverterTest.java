package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeifConverterTest {
  @TempDir
  private Path folder;

  @Test
  void findsAProgramAsWindowsCallsIt() throws IOException {
    String program = program("heif-convert.exe");
    assertEquals(Optional.of(program), HeifConverter.findProgram(folder.toString()));
  }

  @Test
  void skipsPathEntriesThatAreNoFolders() throws IOException {
    String program = program("heif-dec");
    String noPath = "\0";
    String path = String.join(
        File.pathSeparator,
        noPath,
        "",
        "relative",
        folder.resolve("missing").toString(),
        folder.toString());
    assertEquals(Optional.of(program), HeifConverter.findProgram(path));
    assertEquals(Optional.empty(), HeifConverter.findProgram(""));
  }

  private String program(String name) throws IOException {
    Path file = Files.createFile(folder.resolve(name));
    file.toFile().setExecutable(true);
    return file.toString();
  }
}
