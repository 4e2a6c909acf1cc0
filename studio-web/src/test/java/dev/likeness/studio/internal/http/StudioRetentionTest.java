package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.StoreOptions;
import dev.likeness.vault.Subject;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page keeps data as long as it says: a page that lists people does not use their data. */
class StudioRetentionTest {
  @TempDir
  private Path folder;

  private final HandClock clock = new HandClock();

  /** A clock that a test sets. */
  private static final class HandClock extends Clock {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
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

  private RunningStudio start() {
    return RunningStudio.start(
        folder,
        Optional.empty(),
        Duration.ofSeconds(5),
        List.of(),
        StoreOptions.defaults().clock(clock));
  }

  @Test
  void listingPeopleDoesNotKeepTheirDataLonger() {
    String person;
    try (RunningStudio studio = start()) {
      person = addWithImage(studio);
    }
    for (int day = 0; day < 31; day += 3) {
      clock.now = clock.now.plus(Duration.ofDays(3));
      try (RunningStudio studio = start()) {
        for (String path : List.of("/api/people", person, person + "/shoots", "/api/studio")) {
          assertEquals(200, studio.get(path).status());
        }
      }
    }
    try (RunningStudio studio = start()) {
      studio.store.purgeDue();
      assertEquals(404, studio.get(person).status());
    }
  }

  @Test
  void lookingAtAnImageIsAUse() {
    String person;
    try (RunningStudio studio = start()) {
      person = addWithImage(studio);
      clock.now = clock.now.plus(Duration.ofDays(20));
      assertEquals(200, studio.get(person + "/images/1").status());
      clock.now = clock.now.plus(Duration.ofDays(20));
      studio.store.purgeDue();
      assertEquals(200, studio.get(person + "/images/1").status());
    }
  }

  private static String addWithImage(RunningStudio studio) {
    String person = studio.addPerson("Ada");
    Subject subject = studio.store.subject(person.substring(person.lastIndexOf('/') + 1));
    byte[] png = RgbImage.of(8, 8, new byte[8 * 8 * 3]).toPng();
    AtomicFile.write(
        subject.folder(DataCategory.IMAGES).resolve("headshot-001.png"), out -> out.write(png));
    return person;
  }
}
