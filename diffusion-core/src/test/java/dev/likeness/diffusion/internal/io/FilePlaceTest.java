package dev.likeness.diffusion.internal.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilePlaceTest {
  @TempDir
  private Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    Files.writeString(Files.createDirectories(folder.resolve("a/inner")).resolve("file"), "a");
    Files.writeString(folder.resolve("a/other"), "b");
    Files.createLink(folder.resolve("hard"), folder.resolve("a/inner/file"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("a/inner"));
    Files.createSymbolicLink(folder.resolve("absolute"), folder.resolve("a/inner/file"));
    Files.createSymbolicLink(folder.resolve("dangling"), Path.of("a/new"));
    Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
  }

  @ParameterizedTest
  @CsvSource({
    "a/inner/file, a/inner/file, true",
    "a/inner/file, hard, true",
    "a/inner/file, link/file, true",
    "a/inner/file, absolute, true",
    "a/inner/file, a/./inner/../inner/file, true",
    // The folder above the target of a link, not above the link.
    "a/other, link/../other, true",
    "a/new, dangling, true",
    "a/new, link/../new, true",
    "a/inner/new/file, link/new/file, true",
    "a/new, a/NEW, false",
    "a/inner/file, a/other, false",
    "a/new, a/inner/new, false",
    "circle, a/new, false",
    "nothing/../a/other, a/other, true"
  })
  void isSame(String one, String other, boolean expected) {
    assertEquals(expected, place(one).isSame(place(other)));
    assertEquals(expected, place(other).isSame(place(one)));
  }

  @Test
  void isInsideAtAnyDepth() {
    assertTrue(place("a/inner/file").isInside(place("a")));
    assertTrue(place("link/new/file").isInside(place("a")));
    assertFalse(place("hard").isInside(place("a")));
    assertFalse(place("a").isInside(place("a")));
  }

  @Test
  void findsAFileThatStandsInTheWay() throws IOException {
    assertEquals(
        Optional.of(folder.resolve("a/other").toRealPath()),
        place("a/other/x/y").fileAbove());
    assertEquals(Optional.empty(), place("a/other").fileAbove());
    assertEquals(Optional.empty(), place("a/x/y").fileAbove());
    assertTrue(place("a/other").exists());
    assertFalse(place("dangling").exists());
  }

  /** On macOS and Windows, and for both ways to write a letter with an accent. */
  @ParameterizedTest
  @CsvSource({
    "ada.png, ADA.PNG, true, true",
    "ada.png, ADA.PNG, false, false",
    "\u00e9.png, e\u0301.png, true, true",
    "ada.png, eva.png, true, false",
    "ada.png, ada.png, false, true"
  })
  void comparesNamesAsTheFileSystemDoes(
      String one, String other, boolean ignoresCase, boolean expected) {
    assertEquals(expected, FilePlace.isSameName(one, other, ignoresCase));
  }

  private FilePlace place(String path) {
    return FilePlace.of(folder.resolve(path));
  }
}
