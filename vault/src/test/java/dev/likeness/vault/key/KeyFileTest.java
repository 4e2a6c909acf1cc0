package dev.likeness.vault.key;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key file is written whole or not at all, and read up to a kilobyte. */
class KeyFileTest {
  private static final byte[] KEY = new byte[32];

  @TempDir
  private Path folder;

  @Test
  void isWrittenWholeAndForItsOwner() throws IOException {
    Path file = folder.resolve("inner/key.txt");
    WrappingKey made = WrappingKey.createFile(file);
    assertTrue(OwnerOnly.isOwnerOnly(file));
    assertEquals(45, Files.size(file));
    assertArrayEquals(KEY, WrappingKey.ofFile(file).unwrap(made.wrap(KEY, KEY), KEY));
    assertEquals(List.of("key.txt"), names(file.getParent()));
  }

  @Test
  void isNotWrittenInPart() throws IOException {
    Path file = folder.resolve("key.txt");
    for (int room = 0; room < 45; room++) {
      try (FullDisk disk = FullDisk.after(room)) {
        assertEquals(
            "cannot write " + file
                + ": No space left on device; make room on the disk, or choose another place",
            assertThrows(ResourceLimitException.class, () -> WrappingKey.createFile(file))
                .getMessage());
      }
      assertEquals(List.of(), names(folder));
    }
  }

  @Test
  void neverReplacesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("key.txt"), "another key");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path taken : List.of(file, link)) {
      assertEquals(
          taken + " exists; a key is never overwritten, because the data encrypted with it would be"
              + " lost; give a new file",
          assertThrows(InvalidInputException.class, () -> WrappingKey.createFile(taken))
              .getMessage());
    }
    assertEquals("another key", Files.readString(file));
    assertEquals(List.of("key.txt", "link"), names(folder));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "/dev/urandom"})
  void isReadUpToAKilobyte(String device) {
    assumeTrue(Files.exists(Path.of(device)), "there is no " + device);
    String refused = assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> assertThrows(InvalidInputException.class, () -> WrappingKey.ofFile(Path.of(device)))
            .getMessage());
    assertEquals(
        device + " does not contain a key; a key is 32 bytes in Base64, as printed by openssl rand"
            + " -base64 32",
        refused);
  }

  @Test
  void mayHaveSpacesAroundTheKey() throws IOException {
    Path file = folder.resolve("key.txt");
    WrappingKey made = WrappingKey.createFile(file);
    String text = Files.readString(file);
    Path spaced = Files.writeString(folder.resolve("spaced"), " ".repeat(900) + text);
    assertArrayEquals(KEY, WrappingKey.ofFile(spaced).unwrap(made.wrap(KEY, KEY), KEY));
    Path longer = Files.writeString(folder.resolve("longer"), text + " ".repeat(1000));
    assertThrows(InvalidInputException.class, () -> WrappingKey.ofFile(longer));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
