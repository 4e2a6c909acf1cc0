package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Purpose;
import dev.likeness.vault.internal.file.EncryptedFolder;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that version 0.1.0 wrote opens with everything in it, in the current format. */
class OldStoreTest {
  private static final String ADA = "518db464d4cfba7ddc9895e7abf1db98";
  private static final String BEA = "eede77eae83b6ec854d3192da25d855c";
  private static final String FORMER = DataCategory.IMAGES.formerLabel();
  private static final Map<DataCategory, Map.Entry<String, String>> FILES = Map.of(
      DataCategory.PHOTOS, Map.entry("selfies/one.jpg", "a selfie"),
      DataCategory.PERSON, Map.entry("person.safetensors", "a person"),
      DataCategory.TRAINING_STATES, Map.entry("state", "on the way"),
      DataCategory.IMAGES, Map.entry("headshot-001.png", "a headshot"));

  @TempDir
  private Path folder;

  private Path subject;

  @BeforeEach
  void copy() throws IOException, URISyntaxException {
    Path old = Path.of(OldStoreTest.class.getResource("old").toURI());
    try (Stream<Path> all = Files.walk(old)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        Path copy = folder.resolve(old.relativize(each).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(each, copy);
      }
    }
    subject = folder.resolve("store/subjects").resolve(ADA);
  }

  private SubjectStore open(WrappingKey key) {
    Clock clock = Clock.fixed(Instant.parse("2026-11-01T12:00:30Z"), ZoneOffset.UTC);
    return SubjectStore.open(
        folder.resolve("store"), key, StoreOptions.defaults().clock(clock));
  }

  private WrappingKey key() {
    return WrappingKey.ofFile(folder.resolve("key.txt"));
  }

  private static void requireEverything(SubjectStore store) throws IOException {
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
    assertEquals(1, store.receipt(BEA).files().get(FORMER), "as it was signed");
  }

  @Test
  void opensWithItsSubjectsAndReceipts() throws IOException {
    try (SubjectStore store = open(key())) {
      requireEverything(store);
    }
    try (SubjectStore store = open(key())) {
      requireEverything(store);
    }
  }

  @Test
  void isInTheCurrentFormatOnceOpenedWithItsKey() throws IOException {
    Set<String> before = encryptedNames();
    open(key()).close();
    assertEquals(Set.of("dates.json", "images", "person", "photos", "work"), names(subject));
    for (DataCategory category : DataCategory.values()) {
      assertTrue(new String(
              Files.readAllBytes(subject.resolve(category.label() + "/key")),
              StandardCharsets.ISO_8859_1)
          .startsWith("likeness vault 2\n"));
    }
    Set<String> after = encryptedNames();
    assertEquals(before.size(), after.size());
    after.removeAll(before);
    assertEquals(before.size(), after.size(), "no file of the former format is left");
    assertFalse(Files.readString(folder.resolve("store/retention.json")).contains(FORMER));
  }

  @Test
  void needsNoKeyToRenameCountPurgeAndErase() throws IOException {
    try (SubjectStore store = open(WrappingKey.none())) {
      assertEquals(1, store.subject(ADA).counts().get(DataCategory.IMAGES));
    }
    try (SubjectStore store = open(key())) {
      requireEverything(store);
    }
    copyAnew();
    try (SubjectStore store = open(WrappingKey.none())) {
      ErasureReceipt receipt = store.subject(ADA).erase();
      assertEquals("{photos=1, work=1, person=2, images=1}", receipt.files().toString());
      assertTrue(receipt.isGenuine());
    }
    assertFalse(Files.exists(subject));
  }

  private void copyAnew() throws IOException {
    Erasure.remove(folder.resolve("store"));
    try {
      Files.delete(folder.resolve("key.txt"));
      copy();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Killed before the old file was deleted, and killed before the key file was written. */
  @Test
  void goesOnWithAnInterruptedMigration() throws IOException {
    Path key = subject.resolve("photos/key");
    Path photo = only(subject.resolve("photos/files"));
    Map<Path, byte[]> former =
        Map.of(key, Files.readAllBytes(key), photo, Files.readAllBytes(photo));
    open(key()).close();
    for (List<Path> left : List.of(List.of(key, photo), List.of(key))) {
      for (Path file : left) {
        Files.write(file, former.get(file));
      }
      try (SubjectStore store = open(key())) {
        requireEverything(store);
        assertEquals(1, store.subject(ADA).counts().get(DataCategory.PHOTOS));
      }
    }
  }

  @Test
  void leavesFilesThatWereAlteredAndSaysSo() throws IOException {
    Path photo = only(subject.resolve("photos/files"));
    byte[] bytes = Files.readAllBytes(photo);
    bytes[bytes.length - 1] ^= 1;
    Files.write(photo, bytes);
    try (SubjectStore store = open(key())) {
      assertEquals(
          List.of("subject " + ADA + ": 1 of 1 files in the category photos cannot be read;"
              + " they were changed or renamed, or belong to another subject or key"),
          store.verify());
      assertEquals("Ada: yes", store.subject(ADA).consent().text());
    }
  }

  @Test
  void finishesAnErasureThatVersionOneBegan() throws IOException {
    Path note = Files.createDirectories(folder.resolve("store/erasing")).resolve(ADA);
    Files.writeString(
        note,
        "{\"begun\": \"2026-11-01T12:00:01Z\", \"files\": {\"photos\": 5, \"" + FORMER + "\": 7}}");
    try (SubjectStore store = open(WrappingKey.none())) {
      assertEquals(List.of(), store.subjects());
      assertEquals(
          "{photos=5, work=0, person=0, images=7}", store.receipt(ADA).files().toString());
      assertTrue(store.receipt(ADA).isGenuine());
    }
    assertFalse(Files.exists(subject));
  }

  @Test
  void keepsAPolicyOfItsOwn() throws IOException {
    RetentionPolicy other = RetentionPolicy.defaults()
        .with(
            DataCategory.IMAGES, new RetentionPolicy.Limit(Duration.ofDays(9), Duration.ofDays(3)));
    open(key()).close();
    try (SubjectStore store = SubjectStore.open(
        folder.resolve("store"), key(), StoreOptions.defaults().retention(other))) {
      assertEquals(other, store.retention());
    }
    Path file = folder.resolve("store/retention.json");
    Files.writeString(file, Files.readString(file).replace("images", FORMER));
    try (SubjectStore store = open(key())) {
      assertEquals(other, store.retention());
    }
  }

  /** A program of version 0.1.0 that opens the store again makes a second folder. */
  @Test
  void erasesASecondFolderToo() throws IOException {
    Path former = subject.resolve(FORMER);
    open(key()).close();
    EncryptedFolder second = new EncryptedFolder(former, ADA + "/" + FORMER, key());
    Files.write(second.root().resolve("late.png"), new byte[3]);
    try (SubjectStore store = open(WrappingKey.none())) {
      assertTrue(Files.exists(former));
      assertEquals(2, store.subject(ADA).erase().files().get("images"));
    }
    assertFalse(Files.exists(subject));
  }

  private Set<String> encryptedNames() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> all = Files.walk(subject)) {
      all.filter(file -> file.getParent().endsWith("files"))
          .forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }

  private static Set<String> names(Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> all = Files.list(folder)) {
      all.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }

  private static Path only(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.findFirst().orElseThrow();
    }
  }
}
