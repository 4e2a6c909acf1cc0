package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that no face can be learnt from: one line, exit status 3, nothing left. */
class BrokenPhotosTest {
  @TempDir
  private Path folder;

  @Test
  void emptyFolder() {
    assertRefused(
        folder + " contains no photo; put 3 to 20 JPEG, PNG or WebP photos of the person into this"
            + " folder");
  }

  @Test
  void textNamedAsAPhoto() throws IOException {
    Files.writeString(folder.resolve("me.jpg"), "Dear diary, today I took no photo.");
    assertRefused("the photo cannot be used: me.jpg: ");
  }

  @Test
  void emptyPng() throws IOException {
    Files.createFile(folder.resolve("me.png"));
    assertRefused("the photo cannot be used: me.png: ");
  }

  @Test
  void missingFolder() throws IOException {
    Files.delete(folder);
    assertRefused(
        folder + " does not exist; give photos of the person, or folders with such photos");
    Files.createDirectory(folder);
  }

  @Test
  void listsThePhotosEvenWhenNoneCanBeUsed() throws IOException {
    Files.createFile(folder.resolve("me.png"));
    CommandResult run = CommandResult.of("photos", "--json", folder.toString());
    assertEquals(3, run.status());
    assertTrue(
        run.out()
            .startsWith(
                "{\"photos\":[{\"file\":\"me.png\",\"format\":null,\"verdict\":\"reject\","),
        run.out());
  }

  private void assertRefused(String beginning) {
    Path out = folder.resolveSibling(folder.getFileName() + "-out");
    for (List<String> command : List.of(
        List.of(
            "headshot",
            "--out",
            out.toString(),
            "--photos",
            folder.toString(),
            "--consent",
            "mine"),
        List.of(
            "train", "--out", out.toString(), "--photos", folder.toString(), "--consent", "mine"),
        List.of("photos", folder.toString()))) {
      CommandResult run = CommandResult.of(command.toArray(String[]::new));
      assertEquals(3, run.status(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.errorLines().get(0).startsWith(beginning), run.err());
      assertTrue(Files.notExists(out));
    }
  }
}
