package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.cli.command.ExamplePhotos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.ProgramRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderPeopleTest {
  @TempDir
  private Path folder;

  @Test
  void givesEveryPersonAFolderAndListsThem() throws IOException {
    ProgramRun run = people(folder, "--count", "2", "--photos", "1");
    assertEquals(0, run.status(), run.err());
    assertEquals(List.of("people.json", "person-7000000000", "person-7000000001"), namesIn(folder));
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
  void keepsOnTheListWhomItRenderedBefore() throws IOException {
    people(folder, "--photos", "2");
    people(folder, "--count", "1", "--photos", "1");
    people(folder, "--seed", "7000000009", "--photos", "1");
    assertEquals(2, listed("person-7000000000"), "both of its photos");
    assertEquals(1, listed("person-7000000009"));
  }

  private long listed(String person) throws IOException {
    String list = Files.readString(folder.resolve("people.json"));
    long listed = 0;
    for (String name : namesIn(folder.resolve(person))) {
      byte[] photo = Files.readAllBytes(folder.resolve(person).resolve(name));
      listed += list.contains(ExamplePhotos.sha256(photo)) ? 1 : 0;
    }
    return listed;
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

  private static ProgramRun people(Path out, String... more) {
    String[] arguments = Stream.concat(
            Stream.of("--out", out.toString()),
            Stream.concat(
                List.of(more).contains("--seed")
                    ? Stream.empty()
                    : Stream.of("--seed", "7000000000"),
                Stream.of(more)))
        .toArray(String[]::new);
    return ProgramRun.of(RenderPeople::new, null, arguments);
  }

  private static List<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
