package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What outlives a store that was closed cannot bring back a subject that was erased since. */
class ClosedStoreTest {
  private static final Consent YES = Consent.of("Ada: yes");

  @TempDir
  private Path folder;

  private Path place;
  private WrappingKey key;
  private SubjectStore store;

  @BeforeEach
  void open() {
    place = folder.resolve("store");
    key = WrappingKey.createFile(folder.resolve("key.txt"));
    store = SubjectStore.open(place, key);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void closeAndEraseElsewhere(Subject subject) {
    store.close();
    try (SubjectStore other = SubjectStore.open(place, key)) {
      other.subject(subject.id()).erase();
    }
  }

  private void requireErased(Subject subject) throws IOException {
    assertFalse(Files.exists(place.resolve("subjects").resolve(subject.id())));
    try (SubjectStore other = SubjectStore.open(place, key)) {
      assertEquals(List.of(), other.subjects());
      assertTrue(other.receipt(subject.id()).isGenuine());
    }
  }

  @Test
  void aSubjectRefusesEveryUse() throws IOException {
    Subject ada = store.create(YES);
    Cancellation work = new Cancellation();
    ada.workStarted(work);
    closeAndEraseElsewhere(ada);
    assertTrue(work.isCancelled());
    List<Executable> uses = new ArrayList<>(List.of(
        ada::consent,
        ada::counts,
        ada::renew,
        ada::markPurposeFulfilled,
        ada::recordPhotos,
        ada::claimPhotos,
        ada::purgeDue,
        () -> ada.workStarted(new Cancellation()),
        () -> SubjectStudio.on(null, null).add(ada, "late.jpg", new byte[1])));
    for (DataCategory category : DataCategory.values()) {
      uses.add(() -> ada.folder(category));
    }
    for (Executable use : uses) {
      assertEquals(
          "store " + place + " is closed; open it again to use " + ada,
          assertThrows(IllegalStateException.class, use).getMessage());
    }
    ada.workEnded(work);
    ada.releasePhotos();
    requireErased(ada);
  }

  @Test
  void aPathRefusesEveryUse() throws IOException {
    Subject ada = store.create(YES);
    Path photos = ada.folder(DataCategory.PHOTOS);
    Path photo = Files.write(photos.resolve("one.jpg"), new byte[10]);
    OutputStream late = Files.newOutputStream(photos.resolve("late.jpg"));
    late.write(new byte[1000]);
    closeAndEraseElsewhere(ada);
    for (Executable use : List.<Executable>of(
        () -> Files.write(photos.resolve("two.jpg"), new byte[1]),
        () -> Files.readAllBytes(photo),
        () -> Files.move(photo, photos.resolve("three.jpg")),
        () -> Files.copy(photo, photos.resolve("three.jpg")),
        () -> Files.delete(photo),
        () -> Files.list(photos),
        () -> Files.createDirectory(photos.resolve("more")),
        late::close)) {
      assertEquals(
          "the store of this data is closed; open it again",
          assertThrows(IOException.class, use).getMessage());
    }
    assertThrows(
        RuntimeException.class, () -> AtomicFile.write(photo, out -> out.write(new byte[1])));
    assertFalse(Files.exists(photo));
    requireErased(ada);
  }

  @Test
  void aStoreRefusesEveryUseAndLeavesTheClockOfTheNext() throws IOException {
    Subject ada = store.create(YES);
    store.close();
    for (Executable use :
        List.<Executable>of(() -> store.create(YES), store::purgeDue, store::verify, ada::erase)) {
      assertTrue(assertThrows(IllegalStateException.class, use)
          .getMessage()
          .startsWith("store " + place + " is closed; open it again"));
    }
    Path clock = place.resolve("clock.json");
    Files.setLastModifiedTime(clock, FileTime.fromMillis(1000));
    store.close();
    store.clock().save();
    assertEquals(1000, Files.getLastModifiedTime(clock).toMillis());
    try (SubjectStore other = SubjectStore.open(place, key)) {
      assertEquals(1, other.subjects().size());
    }
  }

  @Test
  void anErasedSubjectStillGivesItsReceipt() {
    Subject ada = store.create(YES);
    String receipt = ada.erase().toJson();
    store.close();
    assertEquals(receipt, ada.erase().toJson());
    assertEquals(receipt, store.receipt(ada.id()).toJson());
  }

  @Test
  void closingWaitsForCreationsAndErasures() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      running.add(threads.submit(() -> {
        while (true) {
          Subject subject = store.create(YES);
          Files.write(subject.folder(DataCategory.PHOTOS).resolve("one.jpg"), new byte[5000]);
          subject.erase();
        }
      }));
    }
    Thread.sleep(300);
    store.close();
    List<String> left = all();
    for (Future<?> thread : running) {
      Throwable end = assertThrows(Exception.class, thread::get).getCause();
      assertTrue(end.getMessage().contains("is closed; open it again"), end.toString());
    }
    threads.shutdown();
    List<String> after = all();
    after.removeAll(left);
    assertEquals(List.of(), after, "nothing is written once the store is closed");
    try (SubjectStore other = SubjectStore.open(place, key)) {
      assertEquals(List.of(), other.verify());
    }
  }

  private List<String> all() throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      return new ArrayList<>(files.map(Path::toString).sorted().toList());
    }
  }

  /** A backup of {@code subjects} that was put back over a store. */
  @Test
  void aBackupDoesNotBringASubjectBack() throws IOException {
    Subject ada = store.create(YES);
    Path own = place.resolve("subjects").resolve(ada.id());
    Path backup = folder.resolve("backup");
    copy(own, backup);
    ada.erase();
    store.close();
    copy(backup, own);
    try (SubjectStore other = SubjectStore.open(place, key)) {
      assertThrows(InvalidInputException.class, () -> other.subject(ada.id()));
    }
    requireErased(ada);
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
