package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files of the store itself do not keep it shut, and exchanged files are noticed. */
class DamagedStoreTest {
  private static final Consent YES = Consent.of("Ada: yes");
  private static final Instant START = Instant.parse("2026-11-20T12:00:00Z");
  private static final List<String> NO_OBJECTS = List.of(
      "",
      "{",
      "null",
      "[]",
      "7",
      "{}",
      "{} {}",
      "\u0000\u0000\u0000",
      "[".repeat(100_000),
      "{\"elapsed_seconds\": 1, \"machine_clock\": null}",
      "{\"elapsed_seconds\": -1, \"machine_clock\": 3}",
      "{\"elapsed_seconds\": 9223372036854775807, \"machine_clock\": -9223372036854775808}",
      "{\"elapsed_seconds\": 1e300, \"machine_clock\": 1}",
      "{\"elapsed_seconds\": 1, \"machine_clock\": 1, \"set_back_from\": [3]}",
      "{\"photos\": 3, \"work\": [], \"person\": {}, \"images\": null}",
      "{\"begun\": \"2026-11-20T12:00:00Z\", \"files\": {\"photos\": \"x\"}}",
      "{\"begun\": \"soon\", \"files\": {}}",
      "{\"files\": null}");

  @TempDir
  private Path folder;

  private Path place;
  private WrappingKey key;
  private SubjectStore store;
  private Instant now = START;

  @BeforeEach
  void open() {
    place = folder.resolve("store");
    key = WrappingKey.createFile(folder.resolve("key.txt"));
    reopen();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    if (store != null) {
      store.close();
    }
    store = SubjectStore.open(
        place, key, StoreOptions.defaults().clock(Clock.fixed(now, ZoneOffset.UTC)));
  }

  private void reopenWith(String file, String content) throws IOException {
    store.close();
    Files.createDirectories(place.resolve(file).getParent());
    Files.writeString(place.resolve(file), content);
    reopen();
  }

  private Subject ada() throws IOException {
    Subject ada = store.create(YES);
    for (DataCategory category : DataCategory.values()) {
      Files.write(ada.folder(category).resolve("file"), new byte[] {1});
    }
    return ada;
  }

  @Test
  void opensWithADamagedClockAndGoesOnFromTheLastUse() throws IOException {
    now = START.plus(Duration.ofDays(20));
    String id = store.create(YES).id();
    reopen();
    store.subject(id).renew();
    for (String content : NO_OBJECTS) {
      reopenWith("clock.json", content);
      assertEquals(0, store.subject(id).ages().get("used"), content);
      assertEquals(
          List.of(place.toRealPath().resolve("clock.json")
              + " was damaged, so the store's clock continues from the last recorded use; delete"
              + " clock.json.damaged to confirm this"),
          store.verify(),
          content);
      Files.delete(place.resolve("clock.json.damaged"));
      assertEquals(List.of(), store.verify());
    }
    now = now.plus(Duration.ofDays(29));
    reopen();
    assertEquals(List.of(), store.purgeDue().erased());
    now = now.plus(Duration.ofDays(1));
    reopen();
    assertEquals(id, store.purgeDue().erased().get(0).subject());
  }

  @Test
  void goesOnFromTheLastUseWithoutAClock() throws IOException {
    now = START.plus(Duration.ofDays(20));
    reopen();
    String id = store.create(YES).id();
    store.close();
    Files.delete(place.resolve("clock.json"));
    now = START.plus(Duration.ofDays(50));
    store = SubjectStore.open(
        place, key, StoreOptions.defaults().clock(Clock.fixed(now, ZoneOffset.UTC)));
    assertEquals(0, store.subject(id).ages().get("created"));
    assertEquals(List.of(), store.purgeDue().erased());
  }

  @Test
  void opensWithADamagedPolicyAndPurgesNothingUntilThereIsOne() throws IOException {
    RetentionPolicy year = RetentionPolicy.defaults()
        .with(
            DataCategory.PERSON,
            new RetentionPolicy.Limit(Duration.ofDays(365), Duration.ofDays(365)));
    StoreOptions given = StoreOptions.defaults().clock(Clock.fixed(START, ZoneOffset.UTC));
    String id = ada().id();
    now = START.plus(Duration.ofDays(100));
    for (String content : NO_OBJECTS) {
      store.close();
      SubjectStore.open(place, key, given.retention(year)).close();
      byte[] whole = Files.readAllBytes(place.resolve("retention.json"));
      reopenWith("retention.json", content);
      String lost = place.toRealPath().resolve("retention.json")
          + " was damaged, so nothing is purged; restore it from a copy, or delete"
          + " retention.json.damaged to use the default limits";
      for (int again = 0; again < 2; again++) {
        assertEquals(RetentionPolicy.defaults(), store.retention());
        assertEquals(List.of(lost), store.verify(), content);
        assertEquals(
            lost, assertThrows(InvalidInputException.class, store::purgeDue).getMessage());
        assertEquals(1, store.subject(id).counts().get(DataCategory.IMAGES));
        reopen();
      }
      store.close();
      Files.write(place.resolve("retention.json"), whole);
      reopen();
      assertEquals(year, store.retention());
      assertEquals(List.of(), store.verify());
    }
    assertEquals(3, store.purgeDue().files(), "photos, states and images");
  }

  @Test
  void purgesByTheDefaultsOnceTheDamagedPolicyIsDeleted() throws IOException {
    String id = ada().id();
    reopenWith("retention.json", "{");
    store.subject(id).markPurposeFulfilled();
    assertEquals(1, store.subject(id).counts().get(DataCategory.PHOTOS), "nothing is purged");
    store.close();
    Files.delete(place.resolve("retention.json.damaged"));
    reopen();
    assertEquals(2, store.purgeDue().files());
  }

  @Test
  void finishesAnErasureOfWhichAnyNoteIsLeft() throws IOException {
    for (String content : NO_OBJECTS) {
      Subject ada = ada();
      reopenWith("erasing/" + ada.id(), content);
      assertEquals(List.of(), store.subjects(), content);
      assertFalse(Files.exists(place.resolve("subjects").resolve(ada.id())));
      assertFalse(Files.exists(place.resolve("erasing").resolve(ada.id())));
      ErasureReceipt receipt = store.receipt(ada.id());
      assertTrue(receipt.isGenuine());
      if (!content.contains("images") && !content.contains("begun")) {
        assertEquals("{photos=1, work=1, person=2, images=1}", receipt.files().toString(), content);
      }
    }
  }

  @Test
  void writesAReceiptAgainThatWasWrittenByHalf() throws IOException {
    for (String content : NO_OBJECTS) {
      Subject ada = ada();
      store.close();
      Files.createDirectories(place.resolve("receipts"));
      Files.writeString(place.resolve("receipts/" + ada.id() + ".json"), content);
      reopenWith("erasing/" + ada.id(), "{");
      assertTrue(store.receipt(ada.id()).isGenuine(), content);
      Subject bob = ada();
      Files.writeString(place.resolve("receipts/" + bob.id() + ".json"), content);
      reopen();
      assertTrue(store.subject(bob.id()).erase().isGenuine());
      assertFalse(Files.exists(place.resolve("subjects").resolve(bob.id())));
    }
  }

  @Test
  void refusesTheReceiptOfAnotherSubject() throws IOException {
    Subject ada = store.create(YES);
    Subject bob = store.create(YES);
    ada.erase();
    Path forged = place.toRealPath().resolve("receipts/" + bob.id() + ".json");
    Files.copy(place.resolve("receipts/" + ada.id() + ".json"), forged);
    assertEquals(
        forged + " is the receipt of " + ada.id()
            + ", not of the subject in the file's name; restore the file from a copy",
        assertThrows(InvalidInputException.class, () -> store.receipt(bob.id())).getMessage());
    reopen();
    assertEquals(YES, store.subject(bob.id()).consent(), "it erases nobody");
    assertEquals(bob.id(), store.subject(bob.id()).erase().subject());
  }

  @Test
  void readsDatesWithinLimitsOnly() throws IOException {
    Subject ada = ada();
    Path dates = place.resolve("subjects/" + ada.id() + "/dates.json");
    String whole = Files.readString(dates);
    for (String wrong : List.of("-9223372036854775808", "9223372036854775807", "0.5", "\"0\"")) {
      store.close();
      Files.writeString(dates, whole.replace("\"last_use\" : 0", "\"last_use\" : " + wrong));
      reopen();
      assertTrue(store.verify().get(0).contains("has no number of seconds under \"last_use\""));
      assertEquals(0, store.subject(ada.id()).ages().get("used"));
    }
  }

  /** Truncated at every length, and with random bytes changed. */
  @Test
  void opensWhateverBecomesOfItsOwnFiles() throws IOException {
    Random random = new Random(5);
    String id = ada().id();
    store.close();
    SubjectStore.open(place, key, StoreOptions.defaults().retention(RetentionPolicy.defaults()))
        .close();
    for (String file : List.of("clock.json", "retention.json", "subjects/" + id + "/dates.json")) {
      byte[] whole = Files.readAllBytes(place.resolve(file));
      for (int i = 0; i < 60; i++) {
        byte[] bytes = java.util.Arrays.copyOf(whole, random.nextInt(whole.length + 1));
        for (int change = 0; i % 2 == 1 && change < 3 && bytes.length > 0; change++) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        Files.write(place.resolve(file), bytes);
        store = SubjectStore.open(place, key);
        assertEquals(YES, store.subject(id).consent());
        store.verify();
        store.close();
      }
      Files.write(place.resolve(file), whole);
      Files.deleteIfExists(place.resolve(file + ".damaged"));
    }
    store = SubjectStore.open(place, key);
  }

  @Test
  void noticesTwoFilesThatSwappedNames() throws IOException {
    Subject ada = store.create(YES);
    Path photos = ada.folder(DataCategory.PHOTOS);
    byte[] one = noise(1, 10_000);
    byte[] two = noise(2, 10_000);
    Files.write(photos.resolve("one.jpg"), one);
    Files.write(photos.resolve("a/two.jpg"), two);
    List<Path> files = encrypted(ada, DataCategory.PHOTOS);
    swap(files.get(0), files.get(1));
    for (String name : List.of("one.jpg", "a/two.jpg")) {
      assertThrows(IOException.class, () -> Files.readAllBytes(photos.resolve(name)));
    }
    String noticed = "subject " + ada.id() + ": 2 of 2 files in the category photos cannot be"
        + " read; they were changed or renamed, or belong to another subject or key";
    assertEquals(List.of(noticed), store.verify());
    reopen();
    assertEquals(List.of(noticed), store.verify());
    swap(files.get(0), files.get(1));
    assertEquals(List.of(), store.verify());
  }

  @Test
  void noticesAnExchangedConsent() throws IOException {
    Subject ada = store.create(YES);
    Files.writeString(
        ada.folder(DataCategory.PERSON).resolve("draft.json"),
        "{\"consent\": \"Ada: everything\"}");
    List<Path> files = encrypted(ada, DataCategory.PERSON);
    swap(files.get(0), files.get(1));
    assertThrows(InvalidInputException.class, ada::consent);
    // A copy of one file under the name of the other, as a rename by hand makes it.
    swap(files.get(0), files.get(1));
    assertEquals(YES, ada.consent());
    Files.write(files.get(1), Files.readAllBytes(files.get(0)));
    assertFalse(store.verify().isEmpty());
  }

  @Test
  void movesAndCopiesStayReadable() throws IOException {
    Subject ada = store.create(YES);
    Path photos = ada.folder(DataCategory.PHOTOS);
    TreeMap<String, byte[]> expected = new TreeMap<>();
    for (int size : List.of(0, 1, 4095, 4096, 65_536, 200_000)) {
      byte[] bytes = noise(size, size);
      Files.write(photos.resolve("from-" + size), bytes);
      Files.move(photos.resolve("from-" + size), photos.resolve("b/to-" + size));
      Files.copy(photos.resolve("b/to-" + size), photos.resolve("copy-" + size));
      Files.move(photos.resolve("copy-" + size), photos.resolve("copy-" + size));
      expected.put("b/to-" + size, bytes);
      expected.put("copy-" + size, bytes);
    }
    reopen();
    Path again = store.subject(ada.id()).folder(DataCategory.PHOTOS);
    for (String name : expected.keySet()) {
      assertArrayEquals(expected.get(name), Files.readAllBytes(again.resolve(name)), name);
    }
    assertEquals(expected.size(), store.subject(ada.id()).counts().get(DataCategory.PHOTOS));
  }

  private List<Path> encrypted(Subject subject, DataCategory category) throws IOException {
    Path files = place.resolve("subjects/" + subject.id() + "/" + category.label() + "/files");
    try (Stream<Path> all = Files.list(files)) {
      return new ArrayList<>(all.sorted().toList());
    }
  }

  private void swap(Path one, Path two) throws IOException {
    Path aside = folder.resolve("aside");
    Files.move(one, aside);
    Files.move(two, one);
    Files.move(aside, two);
  }

  private static byte[] noise(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void keepsExchangedSubjectsApart() throws IOException {
    List<Subject> two = IntStream.range(0, 2).mapToObj(i -> store.create(YES)).toList();
    for (Subject each : two) {
      Files.write(each.folder(DataCategory.PERSON).resolve("same.bin"), new byte[100]);
    }
    store.close();
    Path subjects = place.resolve("subjects");
    swap(subjects.resolve(two.get(0).id()), subjects.resolve(two.get(1).id()));
    reopen();
    for (Subject each : store.subjects()) {
      assertThrows(InvalidInputException.class, each::consent);
    }
    assertEquals(2, store.verify().size());
  }
}
