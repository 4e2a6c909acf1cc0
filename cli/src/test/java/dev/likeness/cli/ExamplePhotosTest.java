package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.command.ExamplePhotos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only the photos that this project has pinned go without consent. */
class ExamplePhotosTest {
  private static final Path EXAMPLES = Outside.ROOT.resolve("examples/photos/person-5000000002");

  @TempDir
  private Path folder;

  @Test
  void knowsThoseOfTheProjectHoweverTheyLie() throws IOException {
    assertTrue(ExamplePhotos.isIn(EXAMPLES));
    assertTrue(
        ExamplePhotos.isIn(Path.of("").toAbsolutePath().relativize(EXAMPLES.toAbsolutePath())));
    Files.copy(EXAMPLES.resolve("selfie-03.jpg"), folder.resolve("me.jpg"));
    assertTrue(ExamplePhotos.isIn(folder));
  }

  @Test
  void knowsNoOthersBesideThem() throws IOException {
    Files.copy(EXAMPLES.resolve("selfie-03.jpg"), folder.resolve("selfie-03.jpg"));
    byte[] other = Files.readAllBytes(EXAMPLES.resolve("selfie-04.jpg"));
    other[other.length / 2] ^= 1;
    Files.write(folder.resolve("other.jpg"), other);
    assertFalse(ExamplePhotos.isIn(folder));
  }

  @Test
  void believesNoListBesidePhotos() throws IOException {
    Path photos = Selfies.of("5000000000", 1, folder);
    assertFalse(ExamplePhotos.isIn(photos));
    byte[] photo = Files.readAllBytes(photos.resolve("selfie-01.jpg"));
    Map<String, Object> list = Map.of(
        "note",
        "Rendered by likeness people; nobody here exists.",
        "people",
        List.of(Map.of("photos", List.of(Map.of("sha256", ExamplePhotos.sha256(photo))))));
    for (Path place : List.of(photos, folder)) {
      Files.writeString(place.resolve("people.json"), JSON.std.asString(list));
      Files.writeString(place.resolve("example-photos.sha256"), ExamplePhotos.sha256(photo));
      assertFalse(ExamplePhotos.isIn(photos));
    }
  }

  @Test
  void pinsExactlyThePhotosOfTheProject() throws IOException {
    try (Stream<String> pinned = Files.lines(Outside.ROOT.resolve(
        "cli/src/main/resources/dev/likeness/cli/command/example-photos.sha256"))) {
      assertEquals(
          digests(), pinned.filter(line -> !line.startsWith("#")).sorted().toList());
    }
  }

  private static List<String> digests() throws IOException {
    try (Stream<Path> photos = Files.walk(Outside.ROOT.resolve("examples/photos"))) {
      return photos
          .filter(file -> file.toString().endsWith(".jpg"))
          .map(ExamplePhotosTest::digest)
          .sorted()
          .toList();
    }
  }

  private static String digest(Path photo) {
    try {
      return ExamplePhotos.sha256(Files.readAllBytes(photo));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
