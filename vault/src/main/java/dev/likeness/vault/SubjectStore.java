package dev.likeness.vault;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An encrypted store of personal data in one folder. Each subject has separate keys. Only one
 * process at a time can open the store. Opening finishes interrupted erasures, and removes erased
 * subjects that were restored from a backup. Opening with the key also encrypts files of version
 * 0.1.0 in the current format. Damaged files do not prevent opening. Thread-safe.
 */
public final class SubjectStore implements AutoCloseable {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final StoreFolder files;
  private final WrappingKey keys;
  private final StoreLock lock;
  private final StoreClock clock;
  private final Optional<RetentionPolicy> retention;
  private final Erasure erasure;
  private final ReentrantReadWriteLock lifecycle = new ReentrantReadWriteLock();
  private final Map<String, Subject> subjects = new ConcurrentHashMap<>();
  private volatile boolean isKeyVerified;
  private volatile boolean isClosed;

  private SubjectStore(Path given, WrappingKey keys, StoreOptions options) throws IOException {
    this.folder = StoreLock.requireStore(given);
    this.files = new StoreFolder(folder);
    this.keys = keys;
    this.lock = StoreLock.acquire(given);
    try {
      files.discardUnfinished();
      this.clock = files.openClock(options.clock());
      this.retention = files.openRetention(options.retention());
      this.erasure = new Erasure(folder, options.clock(), options.signer());
      erasure.finishAll();
      openAll();
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Opens or creates a store with the default options. The method throws the exceptions of
   * {@link #open(Path, WrappingKey, StoreOptions)}.
   *
   * @param folder the store's folder; created if missing
   * @param keys the application's key; {@link WrappingKey#none()} to only list, erase and purge
   * @return the store; the caller closes it
   */
  public static SubjectStore open(Path folder, WrappingKey keys) {
    return open(folder, keys, StoreOptions.defaults());
  }

  /**
   * Opens or creates a store.
   *
   * @param folder the store's folder; created if missing
   * @param keys the application's key; {@link WrappingKey#none()} to only list, erase and purge
   * @param options the clock, the signer of receipts and the retention policy
   * @return the store; the caller closes it
   * @throws StoreInUseException if the store is already open, in this or another process
   * @throws InvalidInputException if the folder is neither a store nor empty
   * @throws ResourceLimitException if the folder cannot be read or written
   */
  public static SubjectStore open(Path folder, WrappingKey keys, StoreOptions options) {
    try {
      return new SubjectStore(folder.toAbsolutePath(), Objects.requireNonNull(keys), options);
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot open the store " + folder + ": " + e.getMessage()
              + "; check that this user can write the folder",
          e);
    }
  }

  private void openAll() throws IOException {
    Files.createDirectories(folder.resolve("subjects"));
    for (Path found : files.subjects()) {
      String id = found.getFileName().toString();
      StoreLock.discardUnfinished(found);
      SubjectFolders.rename(found);
      if (SubjectFolders.isRemnant(id, found) || erasure.receipt(id).isPresent()) {
        Erasure.remove(found);
      } else {
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

  /**
   * {@return the retention policy} If the recorded policy is damaged, the default policy is
   * returned, and {@link #purgeDue} throws an exception until a policy is set or restored.
   */
  public RetentionPolicy retention() {
    return retention.orElseGet(RetentionPolicy::defaults);
  }

  boolean isPolicyLost() {
    return retention.isEmpty();
  }

  /**
   * Creates a subject with the person's consent.
   *
   * @param consent the consent of the person
   * @return the subject; it belongs to this store
   * @throws InvalidInputException if the store was opened without a key or with a wrong key
   * @throws ResourceLimitException if the subject cannot be written
   * @throws IllegalStateException if the store is closed
   */
  public Subject create(Consent consent) {
    requireOpen();
    requireKey();
    // 16 bytes are the 32 hexadecimal digits that ID requires.
    byte[] random = new byte[16];
    RANDOM.nextBytes(random);
    String id = HexFormat.of().formatHex(random);
    Path place = folder.resolve("subjects").resolve(id);
    lifecycle.readLock().lock();
    try {
      requireOpen();
      Subject subject = Subject.create(this, id, place, consent);
      subjects.put(id, subject);
      return subject;
    } catch (RuntimeException e) {
      Erasure.discard(place, e);
      throw e;
    } finally {
      lifecycle.readLock().unlock();
    }
  }

  private void requireOpen() {
    if (isClosed) {
      throw new IllegalStateException(this + " is closed; open it again");
    }
  }

  private void requireKey() {
    if (!isKeyVerified) {
      isKeyVerified = SubjectFolders.SubjectCheck.canOpenAny(subjects());
    }
  }

  /**
   * Returns the subject with this id.
   *
   * @param id 32 hexadecimal digits
   * @return the subject; it belongs to this store
   * @throws InvalidInputException if the store does not have this subject, or has erased it
   */
  public Subject subject(String id) {
    Subject subject = subjects.get(id);
    if (subject == null) {
      throw new InvalidInputException("the store has no subject "
          + (isId(id) ? id : "with that id, because ids have 32 lower-case hexadecimal digits")
          + "; the command \"people list\" shows the ids");
    }
    return subject;
  }

  /** {@return all subjects, sorted by id} */
  public List<Subject> subjects() {
    return subjects.values().stream().sorted(Comparator.comparing(Subject::id)).toList();
  }

  /**
   * Removes all data whose retention limit is reached, except data that running work uses. If the
   * limit of a subject's person data is reached, the whole subject is erased.
   *
   * @return the receipts of erased subjects and the number of removed files
   * @throws ResourceLimitException if data of a subject cannot be removed; all other subjects are
   *     purged first
   * @throws InvalidInputException if the recorded retention policy is damaged; nothing is removed
   * @throws IllegalStateException if the store is closed
   */
  public RetentionPolicy.PurgeReport purgeDue() {
    requireOpen();
    if (isPolicyLost()) {
      throw files.lostRetention();
    }
    List<ErasureReceipt> receipts = new ArrayList<>();
    int count = 0;
    ResourceLimitException failure = null;
    for (Subject subject : subjects()) {
      try {
        Optional<ErasureReceipt> receipt = subject.eraseIfDue();
        receipt.ifPresent(receipts::add);
        if (receipt.isEmpty()) {
          count +=
              subject.purgeDue().values().stream().mapToInt(Integer::intValue).sum();
        }
      } catch (SubjectErasedException meanwhile) {
        continue;
      } catch (ResourceLimitException e) {
        if (failure == null) {
          failure = new ResourceLimitException(
              "cannot purge everything that is due: " + e.getMessage()
                  + "; remove the cause, open the store again and purge again",
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
    return new RetentionPolicy.PurgeReport(receipts, count);
  }

  ErasureReceipt erase(Subject subject) {
    synchronized (subject) {
      lifecycle.readLock().lock();
      try {
        if (erasure.isFinished(subject.id())) {
          return receipt(subject.id());
        }
        requireOpen();
        return erasure.erase(subject, () -> subjects.remove(subject.id()));
      } finally {
        lifecycle.readLock().unlock();
      }
    }
  }

  /**
   * Returns the receipt of an erasure.
   *
   * @param id the id of the erased subject: 32 hexadecimal digits
   * @return the receipt
   * @throws InvalidInputException if the id is invalid, or there is no receipt of this subject
   */
  public ErasureReceipt receipt(String id) {
    if (!isId(id)) {
      throw new InvalidInputException("the id is not 32 lower-case hexadecimal digits; correct it");
    }
    return ErasureReceipt.read(folder, id);
  }

  /**
   * Reads every file of every subject to find damaged files.
   *
   * @return one line for each problem: a damaged file of the store itself, damaged dates of a
   *     subject, or unreadable files in a category of a subject; empty if all is well
   * @throws IllegalStateException if the store is closed
   */
  public List<String> verify() {
    requireOpen();
    return Stream.concat(
            files.damage(isPolicyLost()).stream(),
            subjects().stream()
                .flatMap(subject -> SubjectFolders.SubjectCheck.findProblems(subject).stream()))
        .toList();
  }

  /**
   * Closes the store, so that another process can open it. Running work is cancelled, and the
   * store's subjects can no longer be used. A second call does nothing.
   *
   * @throws ResourceLimitException if the file of the store's clock cannot be written
   */
  @Override
  public void close() {
    lifecycle.writeLock().lock();
    try {
      if (isClosed) {
        return;
      }
      isClosed = true;
    } finally {
      lifecycle.writeLock().unlock();
    }
    subjects().forEach(Subject::close);
    try (lock) {
      clock.close();
    } catch (IOException e) {
      throw new ResourceLimitException("cannot close " + this + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return "store " + folder;
  }
}
