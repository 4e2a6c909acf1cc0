package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetentionTest {
  private static final Consent YES = Consent.of("Ada: yes");

  /** A clock that is set by hand. */
  private static final class HandClock extends Clock {
    private Instant now = Instant.parse("2026-11-20T12:00:00Z");
    private Runnable read = () -> {};

    void go(Duration way) {
      now = now.plus(way);
    }

    @Override
    public Instant instant() {
      read.run();
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @TempDir
  private Path folder;

  private final HandClock clock = new HandClock();
  private WrappingKey key;
  private SubjectStore store;

  @BeforeEach
  void open() {
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
    store =
        SubjectStore.open(folder.resolve("store"), key, StoreOptions.defaults().clock(clock));
  }

  private void reopen(DataCategory holding, Duration afterUse) {
    store.close();
    RetentionPolicy policy = RetentionPolicy.defaults()
        .with(holding, new RetentionPolicy.Limit(RetentionPolicy.MAX_DURATION, afterUse));
    store = SubjectStore.open(
        folder.resolve("store"), key, StoreOptions.defaults().clock(clock).retention(policy));
  }

  private Subject ada() throws IOException {
    Subject ada = store.create(YES);
    for (DataCategory holding : DataCategory.values()) {
      Files.write(ada.folder(holding).resolve("file"), new byte[] {1});
    }
    return ada;
  }

  @Test
  void removesPhotosAndStatesOnceThePersonIsTrained() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    assertEquals(
        "{PHOTOS=0, TRAINING_STATES=0, PERSON=2, IMAGES=1}", ada.counts().toString());
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("again"), new byte[] {2});
    assertEquals(1, ada.counts().get(DataCategory.PHOTOS));
  }

  @Test
  void removesPhotosOfUnfinishedWorkAfterAWeek() throws IOException {
    Subject ada = ada();
    clock.go(Duration.ofDays(6));
    assertEquals(0, store.purgeDue().files());
    clock.go(Duration.ofDays(1));
    assertEquals(2, store.purgeDue().files());
    assertEquals(
        "{PHOTOS=0, TRAINING_STATES=0, PERSON=2, IMAGES=1}", ada.counts().toString());
  }

  @Test
  void shootingDoesNotRenewPhotosThatWaitForTraining() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    Files.write(ada.folder(DataCategory.PHOTOS).resolve("new"), new byte[] {1});
    ada.recordPhotos();
    clock.go(Duration.ofDays(6));
    ada.folder(DataCategory.PERSON);
    assertEquals(0, store.purgeDue().files());
    clock.go(Duration.ofDays(1));
    ada.folder(DataCategory.PERSON);
    assertEquals(1, store.purgeDue().files());
    assertEquals(Duration.ofDays(7).toSeconds(), ada.ages().get("trained"));
  }

  @Test
  void damagedDatesBeginAnewOnceAndNotWheneverTheStoreIsOpened() throws IOException {
    Subject ada = ada();
    Files.writeString(folder.resolve("store/subjects/" + ada.id() + "/dates.json"), "{");
    reopen();
    assertEquals(1, store.verify().size());
    clock.go(Duration.ofDays(20));
    reopen();
    assertEquals(List.of(), store.purgeDue().erased());
    clock.go(Duration.ofDays(10));
    reopen();
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void removesNothingDuringTraining() throws IOException {
    Subject ada = ada();
    clock.go(Duration.ofDays(7));
    ada.claimPhotos();
    assertEquals(0, store.purgeDue().files());
    assertEquals(
        ada + ": its photos are in use; wait for training or the choice of references to end",
        assertThrows(IllegalStateException.class, ada::markPurposeFulfilled).getMessage());
    assertEquals(
        "{PHOTOS=1, TRAINING_STATES=1, PERSON=2, IMAGES=1}", ada.counts().toString());
    ada.releasePhotos();
    assertEquals(0, store.purgeDue().files(), "they were worked on until now");
    clock.go(Duration.ofDays(7));
    assertEquals(2, store.purgeDue().files());
  }

  @Test
  void erasesAPersonAfterThirtyIdleDays() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(20));
    ada.renew();
    clock.go(Duration.ofDays(29));
    assertEquals(List.of(), store.purgeDue().erased());
    clock.go(Duration.ofDays(1));
    assertEquals(
        List.of(ada.id()),
        store.purgeDue().erased().stream().map(ErasureReceipt::subject).toList());
    assertThrows(SubjectErasedException.class, ada::counts);
  }

  @Test
  void countsUseAsRenewal() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(29));
    Files.readAllBytes(ada.folder(DataCategory.PERSON).resolve("file"));
    clock.go(Duration.ofDays(29));
    assertEquals(List.of(), store.purgeDue().erased());
  }

  @Test
  void notesUsesOftenEnoughForAShortTime() throws IOException {
    reopen(DataCategory.PERSON, Duration.ofMinutes(30));
    Subject ada = ada();
    clock.go(Duration.ofMinutes(28));
    ada.folder(DataCategory.PERSON);
    clock.go(Duration.ofMinutes(2));
    assertEquals(List.of(), store.purgeDue().erased());
    clock.go(Duration.ofMinutes(28));
    assertEquals(1, store.purgeDue().erased().size());
  }

  @Test
  void workIsAUseUntilItEnds() throws IOException {
    reopen(DataCategory.PERSON, Duration.ofHours(2));
    Subject ada = ada();
    SubjectWork.callWhileRegistered(ada, new Cancellation(), stop -> {
      clock.go(Duration.ofHours(3));
      assertEquals(List.of(), store.purgeDue().erased());
      return null;
    });
    clock.go(Duration.ofMinutes(119));
    assertEquals(List.of(), store.purgeDue().erased());
    clock.go(Duration.ofMinutes(1));
    assertEquals(1, store.purgeDue().erased().size());
  }

  @Test
  void keepsImagesDuringAShoot() throws IOException {
    reopen(DataCategory.IMAGES, Duration.ofHours(2));
    Subject ada = ada();
    SubjectWork.callWhileRegistered(ada, new Cancellation(), stop -> {
      clock.go(Duration.ofHours(3));
      assertEquals(0, store.purgeDue().files());
      return null;
    });
    assertEquals(0, store.purgeDue().files());
    clock.go(Duration.ofHours(2));
    assertEquals(1, store.purgeDue().files());
  }

  @Test
  void aDiskThatRefusesToNoteTheEndOfWorkDoesNotFailIt() throws IOException {
    Subject ada = ada();
    Path dates = folder.resolve("store/subjects/" + ada.id() + "/dates.json");
    SubjectWork.callWhileRegistered(ada, new Cancellation(), stop -> {
      clock.go(Duration.ofDays(40));
      dates.toFile().delete();
      return dates.resolve("full").toFile().mkdirs();
    });
    assertEquals(List.of(), store.purgeDue().erased());
  }

  @Test
  void locksAPersonFromTheDueCheckToTheErasure() throws IOException {
    Subject ada = ada();
    clock.go(Duration.ofDays(30));
    Set<String> holding = new LinkedHashSet<>();
    clock.read = () -> outermostCategory(ada).ifPresent(holding::add);
    assertEquals(1, store.purgeDue().erased().size());
    assertEquals(Set.of("eraseIfDue"), holding);
  }

  /** The first of this thread's calls that took the lock which a renewal waits for. */
  private static Optional<String> outermostCategory(Subject subject) {
    long[] self = {Thread.currentThread().getId()};
    return Stream.of(ManagementFactory.getThreadMXBean()
            .getThreadInfo(self, true, false)[0]
            .getLockedMonitors())
        .filter(lock -> lock.getIdentityHashCode() == System.identityHashCode(subject))
        .max(Comparator.comparing(MonitorInfo::getLockedStackDepth))
        .map(lock -> lock.getLockedStackFrame().getMethodName());
  }

  @Test
  void verifyingAStoreIsNoUse() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(29));
    assertEquals(List.of(), store.verify());
    assertEquals(YES, ada.consent());
    clock.go(Duration.ofDays(1));
    assertEquals(
        List.of(ada.id()),
        store.purgeDue().erased().stream().map(ErasureReceipt::subject).toList());
  }

  @Test
  void goesOnAfterARestart() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(15));
    reopen();
    clock.go(Duration.ofDays(15));
    reopen();
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void isNotFooledByAClockSetBack() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(29));
    reopen();
    clock.go(Duration.ofDays(-365));
    reopen();
    assertEquals(List.of(), store.purgeDue().erased());
    clock.go(Duration.ofDays(1));
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void isNotFooledByAClockThatWasAheadAndSetRight() throws IOException {
    clock.go(Duration.ofDays(365));
    Subject ada = ada();
    ada.markPurposeFulfilled();
    clock.go(Duration.ofDays(-365));
    reopen();
    clock.go(Duration.ofDays(30));
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  /**
   * Six years behind, as a machine without a clock of its own starts, and right again
   * {@code later}.
   */
  private void startBehind(boolean another, Duration later) {
    clock.go(Duration.ofDays(-2190));
    goOn(another);
    clock.go(Duration.ofHours(1));
    goOn(another);
    clock.go(Duration.ofDays(2190).plus(later).minusHours(1));
    goOn(another);
  }

  private void goOn(boolean another) {
    if (another) {
      reopen();
    } else {
      store.clock().now();
    }
  }

  @Test
  void isNotFooledByAClockThatStartsYearsBehindAndIsSetRight() throws IOException {
    Subject ada = ada();
    ada.markPurposeFulfilled();
    for (boolean another : List.of(true, false, true)) {
      startBehind(another, Duration.ofDays(9));
      assertEquals(List.of(), store.purgeDue().erased());
    }
    assertEquals(Duration.ofDays(27).toSeconds(), store.subject(ada.id()).ages().get("created"));
    startBehind(true, Duration.ofDays(3));
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void norByOneThatHadBeenAheadBefore() throws IOException {
    clock.go(Duration.ofDays(3650));
    reopen();
    clock.go(Duration.ofDays(-3650));
    reopen();
    Subject ada = ada();
    for (int start = 0; start < 3; start++) {
      startBehind(true, Duration.ofDays(9));
      assertEquals(List.of(), store.purgeDue().erased());
    }
    clock.go(Duration.ofDays(3));
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void countsTheTimeBehindWhereAClockIsNeverSetRight() throws IOException {
    Subject ada = ada();
    for (int start = 0; start < 40; start++) {
      assertEquals(List.of(), store.purgeDue().erased());
      clock.go(Duration.ofDays(-2190));
      reopen();
      clock.go(Duration.ofHours(18));
      reopen();
    }
    assertEquals(ada.id(), store.purgeDue().erased().get(0).subject());
  }

  @Test
  void remembersAnotherPolicy() throws IOException {
    store.close();
    RetentionPolicy day = RetentionPolicy.defaults()
        .with(
            DataCategory.PERSON, new RetentionPolicy.Limit(Duration.ofDays(2), Duration.ofDays(1)));
    store = SubjectStore.open(
        folder.resolve("store"), key, StoreOptions.defaults().clock(clock).retention(day));
    reopen();
    assertEquals(day, store.retention());
    assertEquals(
        List.of(DataCategory.values()), List.copyOf(store.retention().limits().keySet()));
    ada();
    clock.go(Duration.ofDays(1));
    assertEquals(1, store.purgeDue().erased().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "P1096D; 1096 days",
        "P1095DT1S; 1095 days, 1 second",
        "P1095DT0.000000001S; 1095 days, 1 nanosecond",
        "P1095DT59M; 1095 days, 59 minutes",
        "P1095DT23H1M2.5S; 1095 days, 23 hours, 1 minute, 2 seconds, 500000000 nanoseconds",
        "P2000DT1H; 2000 days, 1 hour"
      })
  void keepsNothingForMoreThanThreeYears(Duration asked, String text) {
    Exception e = assertThrows(
        IllegalArgumentException.class,
        () -> RetentionPolicy.defaults()
            .with(DataCategory.PERSON, new RetentionPolicy.Limit(Duration.ZERO, asked)));
    assertEquals(
        "the category person would be kept for " + text
            + " after its last use; at most 1095 days are" + " allowed",
        e.getMessage());
    assertEquals(1095, RetentionPolicy.MAX_DURATION.toDays());
  }
}
