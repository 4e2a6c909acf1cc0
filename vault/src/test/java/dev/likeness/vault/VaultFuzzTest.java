package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is given, one subject's folder never leads to another's things: the first line is an id,
 * the second a name. Runs on the seeds in its folder of resources; {@code JAZZER_FUZZ=1 mvn -pl
 * vault test -Dtest=VaultFuzzTest -Djazzer.hooks=true} lets Jazzer make more of them.
 */
class VaultFuzzTest {
  private static final byte[] SECRET = "bob's own".getBytes(StandardCharsets.US_ASCII);

  @TempDir
  private static Path folder;

  private static SubjectStore store;
  private static Subject ada;
  private static Subject bob;

  @BeforeAll
  static void open() throws IOException {
    store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")));
    ada = store.create(Consent.of("Ada: yes"));
    bob = store.create(Consent.of("Bob: yes"));
    Files.write(bob.folder(DataCategory.PHOTOS).resolve("bob.bin"), SECRET);
  }

  @AfterAll
  static void close() {
    store.close();
  }

  @FuzzTest(maxDuration = "10m")
  void leadsNowhereElse(byte[] lines) throws IOException {
    String[] asked = (new String(lines, StandardCharsets.UTF_8) + "\n\n").split("\n", 3);
    String id = asked[0];
    if (!id.equals(ada.id()) && !id.equals(bob.id())) {
      try {
        assertFalse(store.subject(id) == bob);
      } catch (InvalidInputException refused) {
        assertEquals(1, refused.getMessage().lines().count());
      }
    }
    act(
        ada.folder(DataCategory.PHOTOS),
        asked[1].replace("$BOB", bob.id()).replace("$STORE", folder.toString()),
        lines);
    assertArrayEquals(
        SECRET, Files.readAllBytes(bob.folder(DataCategory.PHOTOS).resolve("bob.bin")));
    assertEquals(List.of(), store.verify());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
  }

  private static void act(Path root, String name, byte[] content) throws IOException {
    Path path;
    try {
      path = content.length % 2 == 0 ? root.resolve(name) : root.resolve("a").resolveSibling(name);
    } catch (IllegalArgumentException refused) {
      assertEquals("a path must not contain a zero character", refused.getMessage());
      return;
    }
    requireNothingOfBob(path);
    Path written = root.resolve("written");
    try {
      Files.write(written, content);
      if (content.length % 3 == 0) {
        Files.move(written, path, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.copy(written, path, StandardCopyOption.REPLACE_EXISTING);
      }
      assertArrayEquals(content, Files.readAllBytes(path));
      Files.deleteIfExists(path);
    } catch (IOException refused) {
      assertFalse(Files.isRegularFile(path));
    } finally {
      Files.deleteIfExists(written);
    }
  }

  private static void requireNothingOfBob(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      assertFalse(Arrays.equals(SECRET, Files.readAllBytes(path)));
    } else if (Files.isDirectory(path)) {
      try (Stream<Path> inside = Files.list(path)) {
        assertFalse(inside.anyMatch(file -> file.endsWith("bob.bin")));
      }
    }
  }
}
