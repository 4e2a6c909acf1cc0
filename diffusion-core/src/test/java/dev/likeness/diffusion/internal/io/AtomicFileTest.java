package dev.likeness.diffusion.internal.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AtomicFileTest {
  private static final byte[] NEW = "new content".getBytes(StandardCharsets.UTF_8);

  @TempDir
  private Path folder;

  @Test
  void writesTheFileAndItsMissingFolders() throws IOException {
    Path file = folder.resolve("a/b/file.txt");
    AtomicFile.write(file, out -> out.write(NEW));
    assertArrayEquals(NEW, Files.readAllBytes(file));
    assertEquals(List.of("file.txt"), names(file.getParent()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "rw-rw-rw-", "r--r-----"})
  void keepsThePermissionsOfTheFileThatItReplaces(String permissions) throws IOException {
    assumeTrue(OwnerOnly.hasPermissions(folder));
    Path file = Files.createFile(folder.resolve("file.txt"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    AtomicFile.write(file, out -> out.write(NEW));
    assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    AtomicFile.writePrivate(file, out -> out.write(NEW));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertArrayEquals(NEW, Files.readAllBytes(file));
  }

  @Test
  void givesANewNameOnlyIfNothingHasIt() throws IOException {
    Path whole = Files.writeString(folder.resolve("whole"), "new");
    Path file = folder.resolve("file.txt");
    assertTrue(AtomicFile.publishNew(whole, file));
    assertEquals(List.of("file.txt"), names(folder));
    Files.writeString(whole, "newer");
    assertFalse(AtomicFile.publishNew(whole, file));
    assertEquals("new", Files.readString(file));
    assertEquals("newer", Files.readString(whole));
    Path dangling = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    assertFalse(AtomicFile.publishNew(whole, dangling));
    Path inside = Files.createDirectories(folder.resolve("made/inside"));
    assertTrue(AtomicFile.publishNew(inside.getParent(), folder.resolve("named")));
    assertTrue(Files.isDirectory(folder.resolve("named/inside")));
  }

  @Test
  void sweepsOnlyFilesOfItsOwn() throws IOException {
    Path file = folder.resolve("ada.state");
    Path own =
        Files.createFile(folder.resolve(".ada.state.0a1b2c3d-0000-4000-8000-0123456789ab.part"));
    Path foreign = Files.createFile(folder.resolve(".ada.state.holidays.part"));
    AtomicFile.sweep(file);
    assertFalse(Files.exists(own));
    assertTrue(Files.exists(foreign));
  }

  @Test
  void makesPrivateFilesForTheirOwnerAloneFromTheFirstByteOn() throws IOException {
    Path file = folder.resolve("file.txt");
    AtomicFile.writePrivate(file, out -> {
      out.write(NEW);
      assertTrue(OwnerOnly.isOwnerOnly(folder.resolve(names(folder).get(0))));
    });
    assertTrue(OwnerOnly.isOwnerOnly(file));
    assertArrayEquals(NEW, Files.readAllBytes(file));
  }

  @Test
  void makesOtherFilesAsTheProcessDoes() throws IOException {
    assumeTrue(OwnerOnly.hasPermissions(folder));
    Path file = folder.resolve("file.txt");
    AtomicFile.write(file, out -> out.write(NEW));
    assertEquals(
        Files.getPosixFilePermissions(Files.createFile(folder.resolve("other.txt"))),
        Files.getPosixFilePermissions(file));
  }

  @Test
  void keepsTheOldFileWhicheverByteFails() throws IOException {
    Path file = folder.resolve("file.txt");
    Files.writeString(file, "old");
    for (int room = 0; room < NEW.length; room++) {
      try (FullDisk disk = FullDisk.after(room)) {
        ResourceLimitException refused = assertThrows(
            ResourceLimitException.class, () -> AtomicFile.write(file, out -> out.write(NEW)));
        assertEquals(
            "cannot write " + file
                + ": No space left on device; make room on the disk, or choose another place",
            refused.getMessage());
      }
      assertEquals("old", Files.readString(file));
      assertEquals(List.of("file.txt"), names(folder));
    }
  }

  @Test
  void writesOnAThreadThatIsInterruptedWhichStaysSo() throws IOException {
    Path file = folder.resolve("file.txt");
    Thread.currentThread().interrupt();
    AtomicFile.write(file, out -> out.write(NEW));
    assertTrue(Thread.interrupted());
    assertArrayEquals(NEW, Files.readAllBytes(file));
  }

  @Test
  void succeedsWhenTheContentJustFits() throws IOException {
    Path file = folder.resolve("file.txt");
    try (FullDisk disk = FullDisk.after(NEW.length)) {
      AtomicFile.write(file, out -> out.write(NEW));
    }
    assertArrayEquals(NEW, Files.readAllBytes(file));
  }

  @Test
  void leavesNothingWhenTheContentItselfFails() throws IOException {
    Path file = folder.resolve("file.txt");
    assertThrows(
        IllegalStateException.class,
        () -> AtomicFile.write(file, out -> {
          out.write(NEW);
          throw new IllegalStateException("the tensor is closed");
        }));
    assertEquals(List.of(), names(folder));
  }

  @Test
  void saysThatAFolderStandsInTheWay() throws IOException {
    Path file = Files.createDirectories(folder.resolve("taken/inner")).getParent();
    assertThrows(ResourceLimitException.class, () -> AtomicFile.write(file, out -> out.write(NEW)));
    assertEquals(List.of("taken"), names(folder));
    assertEquals(List.of("inner"), names(file));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
