package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubjectDatesTest {
  @TempDir
  private Path folder;

  @Test
  void readsFilesOfEarlierVersions() throws IOException {
    assertEquals(
        new SubjectDates(1, 2, 3, 4, 5),
        read(
            "{\"created\": 1, \"purpose_met\": 2, \"learnt\": 3, \"photos_use\": 4, \"last_use\": 5}"));
    assertEquals(
        new SubjectDates(1, 2, 2, 5, 5),
        read("{\"created\": 1, \"purpose_met\": 2, \"last_use\": 5}"));
    assertEquals(
        "{created=1, purpose_met=2, trained=3, photos_use=4, last_use=5}",
        new SubjectDates(1, 2, 3, 4, 5).toMap().toString());
  }

  private SubjectDates read(String json) throws IOException {
    return SubjectDates.read(Files.writeString(folder.resolve("dates.json"), json));
  }
}
