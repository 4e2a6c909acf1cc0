package dev.likeness.vault;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An encrypted store of personal data in one folder. Each subject has its own keys. The store is
 * open in one process at a time, whose threads can all use it. Opening it finishes interrupted
 * erasures.
 */
public final class SubjectStore implements AutoCloseable {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final int ID_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final WrappingKey keys;
  private final StoreLock lock;
  private final StoreClock clock;
  private final RetentionPolicy retention;
  private final Erasure erasure;
  private final Map<String, Subject> subjects = new ConcurrentHashMap<>();
  private volatile boolean isKeyVerified;

  private SubjectStore(Path given, WrappingKey keys, StoreOptions options) throws IOException {
    this.folder = StoreLock.requireStore(given);
    this.keys = keys;
    this.lock = StoreLock.acquire(given);
    try {
      StoreLock.discardUnfinished(folder.resolve("erasing"));
      StoreLock.discardUnfinished(folder.resolve(ErasureReceipt.FOLDER));
      AtomicFile.sweep(folder.resolve("clock.json"));
      AtomicFile.sweep(folder.resolve("retention.json"));
      this.clock = new StoreClock(folder.resolve("clock.json"), options.clock());
      this.retention = options.recordRetention(folder.resolve("retention.json"));
      this.erasure = new Erasure(folder, options.clock(), options.signer());
      erasure.finishAll();
      openAll();
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Opens or creates a store with the default options.
   *
   * @param folder the store's folder; created if missing
   * @param keys the application's key; {@link WrappingKey#none()} is enough to list, erase and
   *     purge
   * @return the store; the caller closes it
   * @throws InvalidInputException if the folder contains other files
   * @throws StoreInUseException if the store is already open, in this or another process
   * @throws ResourceLimitException if the folder cannot be read or written
   */
  public static SubjectStore open(Path folder, WrappingKey keys) {
    return open(folder, keys, StoreOptions.defaults());
  }

  /**
   * Opens or creates a store.
   *
   * @param folder the store's folder; created if missing
   * @param keys the application's key; {@link WrappingKey#none()} is enough to list, erase and
   *     purge
   * @param options clock, signer and retention
   * @return the store; the caller closes it
   * @throws StoreInUseException if the store is already open, in this or another process
   * @throws InvalidInputException if the folder contains other files
   * @throws ResourceLimitException if the folder cannot be read or written
   */
  public static SubjectStore open(Path folder, WrappingKey keys, StoreOptions options) {
    try {
      return new SubjectStore(folder.toAbsolutePath(), keys, options);
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot open the store " + folder + ": " + e.getMessage()
              + "; check that this user can write the folder",
          e);
    }
  }

  private void openAll() throws IOException {
    Path all = Files.createDirectories(folder.resolve("subjects"));
    try (Stream<Path> folders = Files.list(all)) {
      for (Path found : folders.toList()) {
        String id = found.getFileName().toString();
        if (!isId(id)) {
          continue;
        }
        StoreLock.discardUnfinished(found);
        if (SubjectFolders.isRemnant(id, found)) {
          Erasure.remove(found);
          continue;
        }
        subjects.put(id, Subject.open(this, id, found));
      }
    }
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  WrappingKey keys() {
    return keys;
  }

  StoreClock clock() {
    return clock;
  }

  /** {@return the retention policy} */
  public RetentionPolicy retention() {
    return retention;
  }

  /**
   * Creates a subject with the person's consent.
   *
   * @param consent the consent of the person
   * @return the subject; it belongs to this store
   * @throws InvalidInputException if the key opens none of the subjects already in the store
   * @throws ResourceLimitException if the subject cannot be written
   */
  public Subject create(Consent consent) {
    requireKey();
    byte[] random = new byte[ID_BYTES];
    RANDOM.nextBytes(random);
    String id = HexFormat.of().formatHex(random);
    Path place = folder.resolve("subjects").resolve(id);
    try {
      Subject subject = Subject.create(this, id, place, consent);
      subjects.put(id, subject);
      return subject;
    } catch (RuntimeException e) {
      discard(place, e);
      throw e;
    }
  }

  /**
   * Checks that the key opens at least one subject. Otherwise the store would have subjects under
   * different keys. One subject is enough: a damaged key file of one subject must not block new
   * ones.
   */
  private void requireKey() {
    RuntimeException refusal = null;
    for (Subject subject : isKeyVerified ? List.<Subject>of() : subjects()) {
      try {
        isKeyVerified = subject.canOpen();
      } catch (InvalidInputException | ResourceLimitException other) {
        refusal = other;
      } catch (SubjectErasedException meanwhile) {
        continue;
      }
      if (isKeyVerified) {
        return;
      }
    }
    if (refusal != null) {
      throw refusal;
    }
  }

  private static void discard(Path unfinished, RuntimeException failure) {
    try {
      Erasure.remove(unfinished);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Returns the subject with this id.
   *
   * @param id 32 hexadecimal digits
   * @return the subject; it belongs to this store
   * @throws InvalidInputException if there is none, also if it was erased
   */
  public Subject subject(String id) {
    Subject subject = subjects.get(id);
    if (subject == null) {
      throw new InvalidInputException("the store has no subject "
          + (isId(id) ? id : "with that id, because ids have 32 hex digits")
          + "; list shows its subjects");
    }
    return subject;
  }

  /** {@return all subjects, sorted by id} */
  public List<Subject> subjects() {
    return subjects.values().stream().sorted(Comparator.comparing(Subject::id)).toList();
  }

  /**
   * Removes all data whose retention limit is reached. A subject whose person data is due is
   * erased, unless work on it is in progress.
   *
   * @return the receipts of erased subjects and the number of removed files
   * @throws ResourceLimitException if data of a subject cannot be removed; all other subjects are
   *     purged first
   */
  public RetentionPolicy.PurgeReport purgeDue() {
    List<ErasureReceipt> receipts = new ArrayList<>();
    int files = 0;
    ResourceLimitException failure = null;
    for (Subject subject : subjects()) {
      try {
        Optional<ErasureReceipt> receipt = subject.eraseIfDue();
        receipt.ifPresent(receipts::add);
        if (receipt.isEmpty()) {
          files +=
              subject.purgeDue().values().stream().mapToInt(Integer::intValue).sum();
        }
      } catch (SubjectErasedException meanwhile) {
        continue;
      } catch (ResourceLimitException | UncheckedIOException e) {
        if (failure == null) {
          failure = new ResourceLimitException(
              "cannot purge everything that is due: " + e.getMessage()
                  + "; solve that and open the store again, which finishes the purge",
              e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    clock.save();
    if (failure != null) {
      throw failure;
    }
    return new RetentionPolicy.PurgeReport(receipts, files);
  }

  ErasureReceipt erase(Subject subject) {
    synchronized (subject) {
      try {
        if (erasure.isFinished(subject.id())) {
          return receipt(subject.id());
        }
        if (!erasure.isStarted(subject.id())) {
          erasure.start(subject.id(), subject::destroyKeys);
        }
        subjects.remove(subject.id());
        return erasure.finish(subject.id());
      } catch (IOException e) {
        throw new ResourceLimitException(
            "cannot finish erasing the subject " + subject.id() + ": " + e.getMessage()
                + erasure.remainderText(subject),
            e);
      }
    }
  }

  /**
   * Returns the receipt of an erasure.
   *
   * @param id the id of the erased subject: 32 hexadecimal digits
   * @return the receipt
   * @throws InvalidInputException if the id is invalid, or there is no receipt
   */
  public ErasureReceipt receipt(String id) {
    if (!isId(id)) {
      throw new InvalidInputException("the id must be 32 hexadecimal digits; list shows the ids");
    }
    return ErasureReceipt.read(ErasureReceipt.file(folder, id));
  }

  /**
   * Reads every file of every subject.
   *
   * @return one line for each category of a subject that has unreadable files; empty if all can be
   *     read
   */
  public List<String> verify() {
    return subjects().stream()
        .flatMap(subject -> SubjectFolders.SubjectCheck.findProblems(subject).stream())
        .toList();
  }

  /** Closes the store, so that another process can open it. */
  @Override
  public void close() {
    try (lock) {
      clock.save();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "store " + folder;
  }
}
