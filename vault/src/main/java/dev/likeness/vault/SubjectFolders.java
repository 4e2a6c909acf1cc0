package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.vault.internal.file.EncryptedFolder;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The vaults of one subject, one for each holding. The subject sees to it that one thread at a time
 * asks.
 */
final class SubjectFolders {
  private final String id;
  private final Path folder;
  private final WrappingKey keys;
  private final Map<DataCategory, EncryptedFolder> folders = new EnumMap<>(DataCategory.class);

  SubjectFolders(String id, Path folder, WrappingKey keys) {
    this.id = id;
    this.folder = folder;
    this.keys = keys;
    for (DataCategory holding : DataCategory.values()) {
      renew(holding);
    }
  }

  /**
   * Whether a folder has no dates since its creation, or its removal, was interrupted; one that
   * holds more has lost them, e.g. in a restore.
   */
  static boolean isRemnant(String id, Path folder) {
    return !Files.exists(folder.resolve(Subject.DATES))
        && new SubjectFolders(id, folder, WrappingKey.none()).containsOnlyConsent();
  }

  // A vault whose key is gone stays closed; what comes next goes into another, with another key.
  private void renew(DataCategory holding) {
    folders.put(
        holding,
        new EncryptedFolder(folder.resolve(holding.label()), id + "/" + holding.label(), keys));
  }

  /**
   * A holding's files; its key is made where it has none, by nobody whose key does not open the
   * person.
   */
  Path root(DataCategory holding) {
    if (!has(holding) && has(DataCategory.PERSON)) {
      folders.get(DataCategory.PERSON).root();
    }
    return folders.get(holding).root();
  }

  boolean has(DataCategory holding) {
    return folders.get(holding).exists();
  }

  /**
   * Whether nothing can be read here, since no key is left, or what the person agreed to alone,
   * which is kept first.
   */
  boolean containsOnlyConsent() {
    Set<DataCategory> readable = EnumSet.noneOf(DataCategory.class);
    folders.keySet().stream().filter(this::has).forEach(readable::add);
    return readable.isEmpty()
        || readable.equals(Set.of(DataCategory.PERSON))
            && counts().values().stream().mapToInt(Integer::intValue).sum() <= 1;
  }

  /** How many files each has. */
  Map<DataCategory, Integer> counts() {
    Map<DataCategory, Integer> counts = new EnumMap<>(DataCategory.class);
    try {
      for (DataCategory holding : DataCategory.values()) {
        counts.put(holding, folders.get(holding).count());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return counts;
  }

  /** Destroys a holding's key, then its files; returns how many those were. */
  int destroy(DataCategory holding) {
    try {
      int count = folders.get(holding).count();
      folders.get(holding).delete();
      renew(holding);
      return count;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot remove the " + holding.label() + " of the subject " + id + ": " + e.getMessage(),
          e);
    }
  }

  /** Finishes what was interrupted: holdings that have lost their key lose their files. */
  void deleteEmpty() {
    for (DataCategory holding : DataCategory.values()) {
      if (!has(holding)) {
        destroy(holding);
      }
    }
  }

  /**
   * Makes everything unreadable for good. Where one key withstands, the others go; what withstood
   * is thrown in the end.
   */
  void destroyKeys() throws IOException {
    IOException failure = null;
    for (EncryptedFolder vault : folders.values()) {
      try {
        vault.destroyKey();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Whether everything of a subject can be read. */
  static final class SubjectCheck {
    private SubjectCheck() {}

    static List<String> findProblems(Subject subject) {
      Stream<String> damage = subject.damage().stream()
          .map(
              told -> subject + ": " + told + "; as it is, their time in the store has begun anew");
      return Stream.concat(
              damage,
              Stream.of(DataCategory.values())
                  .flatMap(holding -> findProblem(subject, holding).stream()))
          .toList();
    }

    private static Optional<String> findProblem(Subject subject, DataCategory holding) {
      if (subject.counts().get(holding) == 0) {
        return Optional.empty();
      }
      try {
        // Opening a folder discards what a killed process was about to put in place, which must not
        // be counted.
        Path folder = subject.peek(holding);
        int count = subject.counts().get(holding);
        int readable = countReadable(folder);
        return readable >= count
            ? Optional.empty()
            : Optional.of(
                subject + ": " + (count - readable) + " of " + count + " " + holding.label()
                    + " files cannot be read; they were changed, or belong to another subject or key");
      } catch (InvalidInputException e) {
        return Optional.of(e.getMessage());
      } catch (ResourceLimitException e) {
        return Optional.of(
            subject + ": its " + holding.label() + " cannot be opened: " + e.getMessage());
      }
    }

    private static int countReadable(Path folder) {
      int readable = 0;
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          readable += isReadable(file) ? 1 : 0;
        }
      } catch (IOException | UncheckedIOException e) {
        return readable;
      }
      return readable;
    }

    private static boolean isReadable(Path file) {
      try (InputStream in = Files.newInputStream(file)) {
        in.transferTo(OutputStream.nullOutputStream());
        return true;
      } catch (IOException e) {
        return false;
      }
    }
  }
}
