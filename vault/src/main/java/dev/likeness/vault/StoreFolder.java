package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A store's folder and the files in it that belong to no subject. A damaged {@code clock.json} or
 * {@code retention.json} does not prevent opening the store: the store renames the file and reports
 * it until a person replaces or deletes it.
 */
final class StoreFolder {
  static final String CLOCK = "clock.json";

  private final Path folder;
  private final Path clockFile;
  private final Path retentionFile;

  StoreFolder(Path folder) {
    this.folder = folder;
    this.clockFile = folder.resolve(CLOCK);
    this.retentionFile = folder.resolve("retention.json");
  }

  /** Deletes unfinished files of a killed process. */
  void discardUnfinished() throws IOException {
    StoreLock.discardUnfinished(folder.resolve("erasing"));
    StoreLock.discardUnfinished(folder.resolve(ErasureReceipt.FOLDER));
    AtomicFile.sweep(clockFile);
    AtomicFile.sweep(retentionFile);
  }

  /** Returns the folders of all subjects, which are named by their ids. */
  List<Path> subjects() {
    Path all = folder.resolve("subjects");
    try (Stream<Path> folders = Files.isDirectory(all) ? Files.list(all) : Stream.empty()) {
      return folders
          .filter(found -> SubjectStore.isId(found.getFileName().toString()))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot list " + all + ": " + e.getMessage() + "; check that this user can read it", e);
    }
  }

  StoreClock openClock(Clock machine) {
    return new StoreClock(clockFile, machine, this::latestDate);
  }

  /** Returns the latest date of all subjects, or 0. */
  private long latestDate() {
    long latest = 0;
    for (Path found : subjects()) {
      try {
        latest =
            Math.max(latest, SubjectDates.read(found.resolve(Subject.DATES)).latest());
      } catch (InvalidInputException damaged) {
        // Another subject may have later dates.
      }
    }
    return latest;
  }

  /**
   * Records the policy that is given, or returns the recorded one.
   *
   * @return the policy; empty if the recorded one is damaged and none was given since
   */
  Optional<RetentionPolicy> openRetention(Optional<RetentionPolicy> given) throws IOException {
    try {
      RetentionPolicy policy = given.orElse(null);
      if (policy == null && Files.exists(retentionFile)) {
        policy = RetentionPolicy.read(retentionFile);
      }
      if (policy == null) {
        return Files.exists(JsonFile.damaged(retentionFile))
            ? Optional.empty()
            : Optional.of(RetentionPolicy.defaults());
      }
      record(policy, given.isPresent());
      Files.deleteIfExists(JsonFile.damaged(retentionFile));
      return Optional.of(policy);
    } catch (InvalidInputException damaged) {
      JsonFile.setAside(retentionFile);
      return Optional.empty();
    }
  }

  // A full disk must not prevent an erasure, so a file of version 0.1.0 may stay as it is.
  private void record(RetentionPolicy policy, boolean isNew) {
    try {
      if (isNew || !JsonFile.read(retentionFile).containsKey(DataCategory.IMAGES.label())) {
        JsonFile.write(retentionFile, policy.toMap());
      }
    } catch (ResourceLimitException full) {
      if (isNew) {
        throw full;
      }
    }
  }

  /** Returns the refusal to purge by a policy that is damaged. */
  InvalidInputException lostRetention() {
    return new InvalidInputException(retentionFile
        + " was damaged, so nothing is purged; restore it from a copy, or delete "
        + JsonFile.damaged(retentionFile).getFileName() + " to use the default limits");
  }

  /** Returns a line for each damaged file that was set aside. */
  List<String> damage(boolean isRetentionLost) {
    List<String> lines = new ArrayList<>();
    if (Files.exists(JsonFile.damaged(clockFile))) {
      lines.add(clockFile
          + " was damaged, so the store's clock continues from the last recorded use; delete "
          + JsonFile.damaged(clockFile).getFileName() + " to confirm this");
    }
    if (isRetentionLost) {
      lines.add(lostRetention().getMessage());
    }
    return lines;
  }
}
