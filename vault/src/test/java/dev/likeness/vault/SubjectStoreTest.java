package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubjectStoreTest {
  private static final Consent YES = Consent.of("Ada: yes");

  @TempDir
  private Path folder;

  private WrappingKey key;
  private SubjectStore store;

  @BeforeEach
  void open() {
    key = WrappingKey.createFile(folder.resolve("key.txt"));
    store = SubjectStore.open(folder.resolve("store"), key);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void keepsFilesAndConsentForTheNextProcess() throws IOException {
    Subject ada = store.create(YES);
    byte[] selfie = noise(3_000_000);
    Path photo = ada.folder(DataCategory.PHOTOS).resolve("selfies/one.jpg");
    AtomicFile.write(photo, out -> out.write(selfie));
    reopen();
    Subject again = store.subject(ada.id());
    assertArrayEquals(
        selfie, Files.readAllBytes(again.folder(DataCategory.PHOTOS).resolve("selfies/one.jpg")));
    assertEquals(YES, again.consent());
    assertEquals(List.of(), store.verify());
  }

  @Test
  void needsAKeyBeforeItCreatesAFolder() {
    Path people = folder.resolve("people");
    assertThrows(NullPointerException.class, () -> SubjectStore.open(people, null));
    assertFalse(Files.exists(people));
  }

  @Test
  void listsFoldersAsTheirFilesAreNamed() throws IOException {
    Path photos = store.create(YES).folder(DataCategory.PHOTOS);
    Files.write(photos.resolve("a/one.jpg"), new byte[5]);
    Files.write(photos.resolve("a/two.jpg"), new byte[0]);
    Files.write(photos.resolve("three.jpg"), new byte[7]);
    assertEquals(List.of("/a", "/three.jpg"), names(photos));
    assertEquals(List.of("/a/one.jpg", "/a/two.jpg"), names(photos.resolve("a")));
    assertTrue(
        Files.isDirectory(photos.resolve("a")) && Files.isRegularFile(photos.resolve("a/two.jpg")));
    assertEquals(7, Files.size(photos.resolve("three.jpg")));
    Files.delete(photos.resolve("three.jpg"));
    assertEquals(List.of("/a"), names(photos));
    assertThrows(NoSuchFileException.class, () -> Files.readAllBytes(photos.resolve("three.jpg")));
  }

  @Test
  void storesEveryPhotoUnderAnyName() throws IOException {
    Subject ada = store.create(YES);
    SubjectStudio studio = SubjectStudio.on(null, null);
    String end = "x".repeat(96) + ".jpg";
    List<String> sent = List.of(
        "a/selfie.jpg", "b\\selfie.jpg", "selfie.jpg", "one" + end, "two" + end, ".jpg", "..", "");
    for (int i = 0; i < sent.size(); i++) {
      studio.add(ada, sent.get(i), new byte[] {(byte) i});
    }
    studio.add(ada, "selfie.jpg", new byte[] {1});
    studio.add(store.create(YES), "ж".repeat(120) + ".jpg", new byte[] {9});
    Path photos = ada.folder(DataCategory.PHOTOS);
    assertEquals(
        List.of(
            "/jpg",
            "/photo",
            "/photo (2)",
            "/selfie (2).jpg",
            "/selfie (3).jpg",
            "/selfie.jpg",
            "/" + "x".repeat(96) + " (2).jpg",
            "/" + end),
        names(photos));
    assertArrayEquals(new byte[] {0}, Files.readAllBytes(photos.resolve("selfie.jpg")));
    assertArrayEquals(new byte[] {1}, Files.readAllBytes(photos.resolve("selfie (2).jpg")));
  }

  @Test
  void leavesNothingReadableOnDisk() throws IOException {
    Subject ada = store.create(Consent.of("Ada Lovelace agrees"));
    byte[] marker = noise(64);
    Files.write(ada.folder(DataCategory.PERSON).resolve("ada-lovelace.bin"), marker);
    List<Path> files = filesBelow(folder.resolve("store"));
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      byte[] name = "Lovelace".getBytes(StandardCharsets.UTF_8);
      assertFalse(Bytes.contain(bytes, marker) || Bytes.contain(bytes, name), file.toString());
      assertFalse(file.toString().contains("lovelace"));
    }
    assertTrue(files.size() > 3);
  }

  @Test
  void hasNoPathFromOneSubjectToAnother() throws IOException {
    Subject ada = store.create(YES);
    Subject bob = store.create(YES);
    Files.write(bob.folder(DataCategory.PERSON).resolve("bob.bin"), new byte[] {1});
    Path root = ada.folder(DataCategory.PERSON);
    String file = "/person/files/" + folderNames(bob, DataCategory.PERSON).get(0);
    for (String way : List.of(
        "../../" + bob.id() + file,
        "/" + folder + "/store/subjects/" + bob.id() + file,
        "../bob.bin",
        "..\\..\\" + bob.id(),
        "bob.bin",
        "..",
        ".",
        "")) {
      assertThrows(IOException.class, () -> Files.readAllBytes(root.resolve(way)), way);
    }
    assertThrows(
        IllegalArgumentException.class, () -> root.resolve(bob.folder(DataCategory.PERSON)));
    assertThrows(InvalidInputException.class, () -> store.subject("../" + bob.id()));
  }

  @Test
  void refusesFilesThatWereMovedOrChanged() throws IOException {
    Subject ada = store.create(YES);
    Subject bob = store.create(YES);
    Files.write(ada.folder(DataCategory.PERSON).resolve("face.bin"), noise(100));
    Path stolen = folder.resolve("store/subjects/" + ada.id() + "/person/files");
    for (String name : folderNames(ada, DataCategory.PERSON)) {
      Files.copy(
          stolen.resolve(name),
          folder.resolve("store/subjects/" + bob.id() + "/person/files/" + name));
    }
    List<String> strange = List.of("subject " + bob.id()
        + ": 2 of 3 files in the category person cannot be read; they were changed or renamed, or"
        + " belong to another subject or key");
    assertEquals(strange, store.verify());
    reopen();
    assertEquals(strange, store.verify(), "nor are they taken for rests of a killed process");
  }

  @Test
  void erasesKeysFilesAndNames() throws IOException {
    Subject ada = store.create(YES);
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("one.jpg"), noise(100));
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("two.jpg"), noise(100));
    Path before = ada.folder(DataCategory.PHOTOS);
    Cancellation work = new Cancellation();
    ada.workStarted(work);
    ErasureReceipt receipt = ada.erase();
    assertTrue(work.isCancelled());
    assertEquals("{photos=2, work=0, person=1, images=0}", receipt.files().toString());
    assertTrue(receipt.isGenuine());
    assertEquals(receipt.toJson(), ada.erase().toJson());
    assertFalse(Files.exists(folder.resolve("store/subjects/" + ada.id())));
    assertThrows(SubjectErasedException.class, () -> ada.folder(DataCategory.PHOTOS));
    assertThrows(IOException.class, () -> Files.write(before.resolve("three.jpg"), new byte[1]));
    assertThrows(InvalidInputException.class, () -> store.subject(ada.id()));
    reopen();
    assertEquals(List.of(), store.subjects());
    assertTrue(store.receipt(ada.id()).isGenuine());
  }

  @Test
  void keepsReadsAndErasesOnAnInterruptedThread() throws IOException {
    Subject ada = store.create(YES);
    Path photo = ada.folder(DataCategory.PHOTOS).resolve("one.jpg");
    Thread.currentThread().interrupt();
    AtomicFile.write(photo, out -> out.write(noise(100)));
    Consent kept = ada.consent();
    assertTrue(Thread.interrupted());
    assertEquals(YES, kept);
    assertEquals(100, Files.readAllBytes(photo).length);
    Thread.currentThread().interrupt();
    ErasureReceipt receipt = ada.erase();
    assertTrue(Thread.interrupted());
    assertEquals("{photos=1, work=0, person=1, images=0}", receipt.files().toString());
    assertEquals(List.of(), filesBelow(folder.resolve("store/subjects")));
  }

  @Test
  void noticesAChangedReceipt() {
    ErasureReceipt receipt = store.create(YES).erase();
    ErasureReceipt changed = new ErasureReceipt(
        receipt.subject(),
        receipt.startedAt(),
        receipt.finishedAt(),
        Map.of("photos", 9),
        receipt.signature(),
        receipt.certificates());
    assertFalse(changed.isGenuine());
  }

  @Test
  void doesNotPutAFileInPlaceThatIsClosedAfterErasure() throws IOException {
    Subject ada = store.create(YES);
    OutputStream channel =
        Files.newOutputStream(ada.folder(DataCategory.PHOTOS).resolve("late.jpg"));
    channel.write(noise(1000));
    ada.erase();
    assertThrows(IOException.class, channel::close);
    assertEquals(List.of(), filesBelow(folder.resolve("store/subjects")));
  }

  @Test
  void needsNoKeyToListAndEraseButToRead() throws IOException {
    Subject ada = store.create(YES);
    store.close();
    store = SubjectStore.open(folder.resolve("store"), WrappingKey.none());
    Exception e =
        assertThrows(InvalidInputException.class, () -> store.subject(ada.id()).consent());
    assertEquals(
        ada
            + ": its category person cannot be opened: the store was opened without its key, which is"
            + " needed to read or write its data; give the key",
        e.getMessage());
    assertTrue(store.subject(ada.id()).erase().isGenuine());
  }

  private static String refusal(Subject subject, DataCategory holding) {
    return "subject " + subject.id() + ": its category " + holding.label()
        + " cannot be opened: the data was encrypted with another key, or its wrapped key was "
        + "changed; give the key that the person was stored with (the command \"verify\" lists all "
        + "people that a key does not open)";
  }

  @Test
  void ofPeopleUnderTwoKeysEachOpensItsOwnAndNoneIsLost() throws IOException {
    List<Subject> two = new ArrayList<>(List.of(store.create(YES)));
    List<WrappingKey> keys = List.of(key, WrappingKey.createFile(folder.resolve("other.txt")));
    store.close();
    try (SubjectStore other = SubjectStore.open(folder.resolve("second"), keys.get(1))) {
      two.add(other.create(YES));
    }
    Files.move(
        folder.resolve("second/subjects/" + two.get(1).id()),
        folder.resolve("store/subjects/" + two.get(1).id()));
    for (int i = 0; i < 2; i++) {
      store = SubjectStore.open(folder.resolve("store"), keys.get(i));
      assertEquals(2, store.subjects().size());
      assertEquals(YES, store.subject(two.get(i).id()).consent());
      Subject stranger = store.subject(two.get(1 - i).id());
      assertEquals(
          refusal(stranger, DataCategory.PERSON),
          assertThrows(InvalidInputException.class, stranger::consent).getMessage());
      assertEquals(List.of(refusal(stranger, DataCategory.PERSON)), store.verify());
      assertEquals(0, store.purgeDue().files());
      if (i == 0) {
        store.close();
      } else {
        assertEquals(1, stranger.erase().files().get("person"));
      }
    }
    assertEquals(List.of(), store.verify());
  }

  @Test
  void refusesNewSubjectsUnderAnotherKey() throws IOException {
    Subject ada = store.create(YES);
    store.close();
    List<Path> before = filesBelow(folder.resolve("store/subjects"));
    WrappingKey other = WrappingKey.createFile(folder.resolve("other.txt"));
    store = SubjectStore.open(folder.resolve("store"), other);
    assertEquals(
        refusal(ada, DataCategory.PERSON),
        assertThrows(InvalidInputException.class, () -> store.create(YES)).getMessage());
    Subject same = store.subject(ada.id());
    assertEquals(
        refusal(ada, DataCategory.IMAGES),
        assertThrows(InvalidInputException.class, () -> same.folder(DataCategory.IMAGES))
            .getMessage());
    assertEquals(before, filesBelow(folder.resolve("store/subjects")));
    same.erase();
    assertEquals(YES, store.create(YES).consent(), "a store of nobody takes any key");
  }

  @Test
  void aDamagedKeyLocksOnlyItsSubject() throws IOException {
    List<Subject> two = List.of(store.create(YES), store.create(YES));
    for (Subject damaged : two) {
      reopen();
      Path file = folder.resolve("store/subjects/" + damaged.id() + "/person/key");
      byte[] whole = Files.readAllBytes(file);
      Files.write(file, new byte[whole.length]);
      assertEquals(YES, store.create(YES).consent());
      store.subjects().stream()
          .filter(one -> two.stream().noneMatch(first -> first.id().equals(one.id())))
          .forEach(Subject::erase);
      Files.write(file, whole);
    }
  }

  @Test
  void opensOnce() throws IOException, InterruptedException {
    Exception e = assertThrows(
        ResourceLimitException.class, () -> SubjectStore.open(folder.resolve("store"), key));
    assertEquals(
        "the store " + folder.resolve("store")
            + " is already open, in this or another process; close it there",
        e.getMessage());
    // The refusal here must not have let go of the folder either.
    assertEquals(OtherProcess.REFUSED, OtherProcess.locks(folder.resolve("store/lock")));
  }

  @Test
  void erasesWhereTheNoteOfItFindsNoPlace() throws IOException {
    Subject ada = store.create(YES);
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("one.jpg"), noise(100));
    Path notes = folder.resolve("store/erasing");
    Files.deleteIfExists(notes);
    Files.createFile(notes);
    assertThrows(ResourceLimitException.class, ada::erase);
    assertThrows(SubjectErasedException.class, () -> ada.folder(DataCategory.PHOTOS));
    assertEquals(List.of(), filesBelow(folder.resolve("store/subjects")));
    Files.delete(notes);
    assertTrue(ada.erase().isGenuine());
  }

  @Test
  void erasesAsMuchAsPossibleAndReportsTheRest() throws IOException {
    Subject ada = store.create(YES);
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("one.jpg"), noise(100));
    Path own = folder.resolve("store/subjects/" + ada.id());
    Path withstands = Files.createDirectories(own.resolve("photos/key.destroyed/full"));
    Path notes = folder.resolve("store/erasing");
    Files.deleteIfExists(notes);
    Files.createFile(notes);
    String refused = assertThrows(ResourceLimitException.class, ada::erase).getMessage();
    assertTrue(
        refused.endsWith(
            "; some of its data may be left, because the erasure could not be recorded: remove "
                + "the cause and erase the subject again"),
        refused);
    assertFalse(Files.exists(own.resolve("person/key")));
    Files.delete(notes);
    refused = assertThrows(ResourceLimitException.class, ada::erase).getMessage();
    assertTrue(
        refused.endsWith("; remove the cause and open the store again, which finishes the erasure"),
        refused);
    Files.delete(withstands);
    Files.delete(withstands.getParent());
    reopen();
    assertEquals(List.of(), store.subjects());
    assertTrue(store.receipt(ada.id()).isGenuine());
  }

  @Test
  void notesAnErasureThatKeysWithstandWhenThereIsRoom() throws IOException {
    Path notes = Files.createFile(folder.resolve("erasing"));
    Erasure erasure = new Erasure(folder, Clock.systemUTC(), null);
    assertThrows(
        IOException.class,
        () -> erasure.start("ada", () -> {
          Files.delete(notes);
          throw new IOException("a key withstands");
        }));
    assertTrue(erasure.isStarted("ada"));
  }

  @Test
  void damagedDatesDoNotBlockErasure() throws IOException {
    Subject ada = store.create(YES);
    Subject bob = store.create(YES);
    store.close();
    Files.writeString(
        folder.resolve("store/subjects/" + ada.id() + "/dates.json"), "{\"created\": 3}");
    store = SubjectStore.open(folder.resolve("store"), key);
    List<String> problems = store.verify();
    assertEquals(1, problems.size());
    assertTrue(
        problems.get(0).contains(ada.id())
            && problems.get(0).contains("has no number of seconds under \"purpose_met\""),
        problems.get(0));
    assertTrue(store.subject(ada.id()).erase().isGenuine());
    assertTrue(store.subject(bob.id()).erase().isGenuine());
  }

  @Test
  void lostDatesLoseNobody() throws IOException {
    Subject ada = store.create(YES);
    Subject bob = store.create(YES);
    Files.write(ada.folder(DataCategory.PERSON).resolve("person.safetensors"), noise(100));
    bob.folder(DataCategory.PHOTOS);
    Subject interrupted = store.create(YES);
    store.close();
    Path people = folder.resolve("store/subjects");
    for (Subject each : List.of(ada, bob, interrupted)) {
      Files.delete(people.resolve(each.id() + "/dates.json"));
    }
    store = SubjectStore.open(folder.resolve("store"), key);
    assertEquals(
        Stream.of(ada.id(), bob.id()).sorted().toList(),
        store.subjects().stream().map(Subject::id).toList());
    assertFalse(Files.exists(people.resolve(interrupted.id())));
    assertEquals(
        100,
        Files.size(
            store.subject(ada.id()).folder(DataCategory.PERSON).resolve("person.safetensors")));
    Path dates = people.toRealPath().resolve(ada.id() + "/dates.json");
    assertTrue(
        store
            .verify()
            .contains("subject " + ada.id() + ": " + dates
                + " is missing; restore it from a copy; its retention time has started again"),
        store.verify().toString());
    assertTrue(Files.exists(dates));
  }

  @Test
  void continuesAnInterruptedErasure() throws IOException {
    Subject ada = store.create(YES);
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("one.jpg"), noise(100));
    Path own = folder.resolve("store/subjects/" + ada.id());
    store.close();
    for (String gone : List.of("photos/key", "person/key", "dates.json")) {
      Files.delete(own.resolve(gone));
    }
    store = SubjectStore.open(folder.resolve("store"), key);
    assertEquals(List.of(), store.subjects());
    assertFalse(Files.exists(own));
  }

  @Test
  void tidiesItsOwnAloneAndRefusesAFolderOfOtherThings() throws IOException {
    Path volume = Files.createDirectories(folder.resolve("volume/lost+found")).getParent();
    Path link = Files.createSymbolicLink(folder.resolve("link"), volume);
    String own;
    try (SubjectStore made = SubjectStore.open(link, key)) {
      own = "subjects/" + made.create(YES).id() + "/.1.part";
    }
    List<String> names = List.of(
        "film.part", "lost+found/film.part", "subjects/notes.txt", "erasing/notes.txt", own);
    for (String name : names) {
      Files.createDirectories(volume.resolve(name).getParent());
      Files.createFile(volume.resolve(name));
    }
    SubjectStore.open(link, key).close();
    assertEquals(
        names.subList(0, 4),
        names.stream().filter(name -> Files.exists(volume.resolve(name))).toList());
    Files.delete(volume.resolve("lock"));
    Files.delete(volume.resolve("clock.json"));
    assertThrows(InvalidInputException.class, () -> SubjectStore.open(link, key));
    assertFalse(Files.exists(volume.resolve("lock")));
  }

  @Test
  void namesTheStoreFileThatTheDiskRefuses() throws IOException {
    Subject ada = store.create(YES);
    Path own = folder.resolve("store/subjects/" + ada.id());
    store.close();
    Files.delete(own.resolve("person/key"));
    Files.createDirectories(own.resolve("person/key"));
    store = SubjectStore.open(folder.resolve("store"), key);
    assertTrue(
        store
            .verify()
            .get(0)
            .contains("cannot be opened: cannot read " + own.resolve("person/key")),
        store.verify().toString());
    // What has no key is deleted, which a folder with something in it refuses.
    Files.createDirectories(own.resolve("photos/files/not/empty"));
    store.close();
    assertThrows(ResourceLimitException.class, this::reopen);
  }

  @Test
  void addsPhotosOneAfterTheOther() throws IOException {
    Subject ada = store.create(YES);
    IntStream.range(0, 32)
        .parallel()
        .forEach(i -> SubjectStudio.on(null, null).add(ada, "selfie.jpg", new byte[] {(byte) i}));
    assertEquals(32, names(ada.folder(DataCategory.PHOTOS)).size());
  }

  @Test
  void makesAKeyOnce() {
    for (int round = 0; round < 20; round++) {
      Path file = folder.resolve("key-" + round);
      assertEquals(1, IntStream.range(0, 4).parallel().filter(i -> isMade(file)).count());
    }
  }

  private static boolean isMade(Path file) {
    try {
      return WrappingKey.createFile(file) != null;
    } catch (InvalidInputException exists) {
      return false;
    }
  }

  @Test
  void givesIdsThatSayNothing() {
    assertTrue(store.create(YES).id().matches("[0-9a-f]{32}"));
    assertNotEquals(store.create(YES).id(), store.create(YES).id());
  }

  private void reopen() {
    store.close();
    store = SubjectStore.open(folder.resolve("store"), key);
  }

  private static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private List<String> folderNames(Subject subject, DataCategory holding) throws IOException {
    return filesBelow(
            folder.resolve("store/subjects/" + subject.id() + "/" + holding.label() + "/files"))
        .stream()
        .map(file -> file.getFileName().toString())
        .toList();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.map(Path::toString).sorted().toList();
    }
  }

  private static List<Path> filesBelow(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }
}
