package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.CommandRun;
import dev.likeness.cli.command.SyntheticPhotos;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeopleCommandTest {
  @TempDir
  private Path folder;

  @Test
  void givesEveryPersonAFolderAndListsThem() throws IOException {
    CommandRun run = people(folder, "--count", "2", "--photos", "1");
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of("people.json", "person-7000000000", "person-7000000001"), TinyBase.namesIn(folder));
    assertEquals(
        folder.resolve("person-7000000000")
            + System.lineSeparator()
            + folder.resolve("person-7000000001"),
        run.out().strip());
    assertEquals(
        512, RgbImage.read(folder.resolve("person-7000000001/selfie-01.jpg")).width());
  }

  @Test
  void rendersTheSamePersonForTheSameSeed() throws IOException {
    people(folder.resolve("one"), "--photos", "1");
    people(folder.resolve("two"), "--photos", "1");
    String selfie = "person-7000000000/selfie-01.jpg";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("one").resolve(selfie)),
        Files.readAllBytes(folder.resolve("two").resolve(selfie)));
  }

  @Test
  void knowsItsPhotosFromOthers() throws IOException {
    people(folder, "--photos", "1");
    Path photos = folder.resolve("person-7000000000");
    assertTrue(SyntheticPhotos.areAllIn(photos));
    Files.write(photos.resolve("selfie-02.jpg"), new byte[] {1});
    assertFalse(SyntheticPhotos.areAllIn(photos));
    Files.delete(photos.resolve("selfie-02.jpg"));
    Files.delete(folder.resolve("people.json"));
    assertFalse(SyntheticPhotos.areAllIn(photos));
  }

  @Test
  void theListMayLieAmongThePhotosHoweverTheFolderIsGiven() throws IOException {
    people(folder, "--photos", "1");
    Path photos = folder.resolve("person-7000000000");
    Files.move(folder.resolve("people.json"), photos.resolve("people.json"));
    assertTrue(SyntheticPhotos.areAllIn(photos));
    assertTrue(
        SyntheticPhotos.areAllIn(Path.of("").toAbsolutePath().relativize(photos.toAbsolutePath())));
  }

  @Test
  void keepsOnTheListWhomItRenderedBefore() throws IOException {
    people(folder, "--photos", "2");
    people(folder, "--count", "1", "--photos", "1");
    people(folder, "--seed", "7000000009", "--photos", "1");
    assertTrue(SyntheticPhotos.areAllIn(folder.resolve("person-7000000000")), "both of its photos");
    assertTrue(SyntheticPhotos.areAllIn(folder.resolve("person-7000000009")));
  }

  @Test
  void rendersAtLeastOnePersonWithAPhoto() {
    assertEquals(
        List.of("--count 0: at least 1"), people(folder, "--count", "0").complaints());
    assertEquals(
        List.of("each person needs at least 1 photo, given 0"),
        people(folder, "--photos", "0").complaints());
    assertEquals(2, people(folder, "--photos", "0").status());
  }

  private static CommandRun people(Path out, String... more) {
    String[] arguments = Stream.concat(
            Stream.of("people", "--out", out.toString()),
            Stream.concat(
                List.of(more).contains("--seed")
                    ? Stream.empty()
                    : Stream.of("--seed", "7000000000"),
                Stream.of(more)))
        .toArray(String[]::new);
    return CommandRun.of(arguments);
  }
}
