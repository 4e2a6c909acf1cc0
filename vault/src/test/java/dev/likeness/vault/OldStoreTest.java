package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Purpose;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that version 0.1.0 wrote opens with everything in it. */
class OldStoreTest {
  private static final String ADA = "518db464d4cfba7ddc9895e7abf1db98";
  private static final String BEA = "eede77eae83b6ec854d3192da25d855c";
  private static final Map<DataCategory, Map.Entry<String, String>> FILES = Map.of(
      DataCategory.PHOTOS, Map.entry("selfies/one.jpg", "a selfie"),
      DataCategory.PERSON, Map.entry("person.safetensors", "a person"),
      DataCategory.TRAINING_STATES, Map.entry("state", "on the way"),
      DataCategory.IMAGES, Map.entry("headshot-001.png", "a headshot"));

  @Test
  void opensWithItsSubjectsAndReceipts(@TempDir Path folder)
      throws IOException, URISyntaxException {
    Path old = Path.of(OldStoreTest.class.getResource("old").toURI());
    copy(old, folder);
    Clock clock = Clock.fixed(Instant.parse("2026-11-01T12:00:30Z"), ZoneOffset.UTC);
    try (SubjectStore store = SubjectStore.open(
        folder.resolve("store"),
        WrappingKey.ofFile(folder.resolve("key.txt")),
        StoreOptions.defaults().clock(clock))) {
      assertEquals(List.of(), store.verify());
      assertEquals(RetentionPolicy.defaults(), store.retention());
      Subject ada = store.subject(ADA);
      assertEquals("Ada: yes", ada.consent().text());
      assertEquals(Set.of(Purpose.INTAKE, Purpose.TRAINING), ada.consent().purposes());
      for (DataCategory holding : DataCategory.values()) {
        assertEquals(
            FILES.get(holding).getValue(),
            Files.readString(ada.folder(holding).resolve(FILES.get(holding).getKey())));
      }
      assertTrue(store.receipt(BEA).isGenuine());
      assertEquals(1, store.receipt(BEA).files().get("pictures"));
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(each).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(each, copy);
      }
    }
  }
}
