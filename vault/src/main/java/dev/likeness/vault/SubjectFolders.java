package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.internal.file.EncryptedFolder;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The encrypted folders of one subject, one for each category. Not safe for threads:
 * {@link Subject} synchronises.
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
    for (DataCategory category : DataCategory.values()) {
      renew(category);
    }
  }

  /**
   * Returns true if a folder without dates is left from an interrupted creation or removal. One
   * with more files has lost its dates, such as in a restore.
   */
  static boolean isRemnant(String id, Path folder) {
    return !Files.exists(folder.resolve(Subject.DATES))
        && new SubjectFolders(id, folder, WrappingKey.none()).containsOnlyConsent();
  }

  // A vault without key stays closed; new files go into another vault with a new key.
  private void renew(DataCategory category) {
    folders.put(
        category,
        new EncryptedFolder(
            folder.resolve(category.label()),
            id + "/" + category.label(),
            id + "/" + category.formerLabel(),
            keys));
  }

  /** Renames folders of version 0.1.0, which needs no key. */
  static void rename(Path folder) throws IOException {
    for (DataCategory category : DataCategory.values()) {
      Path former = folder.resolve(category.formerLabel());
      Path current = folder.resolve(category.label());
      if (!former.equals(current) && Files.isDirectory(former) && !Files.exists(current)) {
        Files.move(former, current, StandardCopyOption.ATOMIC_MOVE);
        AtomicFile.force(folder);
      }
    }
  }

  /** Encrypts files of version 0.1.0 anew, if the store's key opens them. */
  void migrate() {
    for (EncryptedFolder vault : folders.values()) {
      try {
        vault.migrate();
      } catch (RuntimeException later) {
        // No failure may prevent opening the store. The first use tries again, and throws.
      }
    }
  }

  /** Ends all use of the folders by this object. */
  void close() {
    folders.values().forEach(EncryptedFolder::close);
  }

  /**
   * Returns the root folder of a category. Creates its key if missing and if the store's key opens
   * the person.
   */
  Path root(DataCategory category) {
    if (!has(category) && has(DataCategory.PERSON)) {
      folders.get(DataCategory.PERSON).root();
    }
    return folders.get(category).root();
  }

  boolean has(DataCategory category) {
    return folders.get(category).exists();
  }

  /** Returns true if nothing, or only the consent, can be read. */
  boolean containsOnlyConsent() {
    Set<DataCategory> readable = EnumSet.noneOf(DataCategory.class);
    folders.keySet().stream().filter(this::has).forEach(readable::add);
    return readable.isEmpty()
        || readable.equals(Set.of(DataCategory.PERSON))
            && counts().values().stream().mapToInt(Integer::intValue).sum() <= 1;
  }

  /** Returns the number of files by category. */
  Map<DataCategory, Integer> counts() {
    Map<DataCategory, Integer> counts = new EnumMap<>(DataCategory.class);
    try {
      for (DataCategory category : DataCategory.values()) {
        counts.put(category, folders.get(category).count());
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot count the files of the subject " + id + ": " + e.getMessage()
              + "; check that this user can read the store",
          e);
    }
    return counts;
  }

  /** Destroys the key of a category, then its files, and returns their number. */
  int destroy(DataCategory category) {
    try {
      int count = folders.get(category).count();
      folders.get(category).delete();
      Erasure.remove(folder.resolve(category.formerLabel()));
      renew(category);
      return count;
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot remove the data in the category " + category.label() + " of the subject " + id
              + ": " + e.getMessage() + "; check that this user can write the store",
          e);
    }
  }

  /** Finishes interrupted removals: deletes files of categories without a key. */
  void deleteEmpty() {
    for (DataCategory category : DataCategory.values()) {
      if (!has(category)) {
        destroy(category);
      }
    }
  }

  /**
   * Destroys all keys. If one cannot be destroyed, the others are, and the failure is thrown at the
   * end.
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

  /** Checks that all files of a subject can be read. */
  static final class SubjectCheck {
    private SubjectCheck() {}

    /**
     * Returns true if the store's key opens one of the subjects, and false if there are none.
     * Otherwise the store would have subjects under different keys. One is enough: a damaged key
     * file of one subject must not block new ones.
     */
    static boolean canOpenAny(List<Subject> subjects) {
      RuntimeException refusal = null;
      for (Subject subject : subjects) {
        try {
          if (subject.canOpen()) {
            return true;
          }
        } catch (InvalidInputException | ResourceLimitException other) {
          refusal = other;
        } catch (SubjectErasedException meanwhile) {
          continue;
        }
      }
      if (refusal != null) {
        throw refusal;
      }
      return false;
    }

    static List<String> findProblems(Subject subject) {
      Stream<String> damage = subject.damage().stream()
          .map(message -> subject + ": " + message + "; its retention time has started again");
      return Stream.concat(
              damage,
              Stream.of(DataCategory.values())
                  .flatMap(category -> findProblem(subject, category).stream()))
          .toList();
    }

    private static Optional<String> findProblem(Subject subject, DataCategory category) {
      if (subject.counts().get(category) == 0) {
        return Optional.empty();
      }
      try {
        // Opening a folder deletes unfinished files of a killed process, which must not be counted.
        Path folder = subject.peek(category);
        int count = subject.counts().get(category);
        int readable = countReadable(folder);
        return readable >= count
            ? Optional.empty()
            : Optional.of(
                subject + ": " + (count - readable) + " of " + count + " files in the category "
                    + category.label() + " cannot be read; they were changed or renamed, or belong"
                    + " to another subject or key");
      } catch (InvalidInputException e) {
        return Optional.of(e.getMessage());
      } catch (ResourceLimitException e) {
        return Optional.of(subject + ": its category " + category.label() + " cannot be opened: "
            + e.getMessage());
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
