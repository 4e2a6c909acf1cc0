package dev.likeness.vault;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Everything of one person. Its folders are {@link Path}s like others, for whatever takes one, but
 * what is written there is encrypted under keys of this subject's, and no path leads from one
 * subject to another. Safe for threads. After {@link #erase()} everything fails with
 * {@link SubjectErasedException}.
 */
public final class Subject {
  private static final String CONSENT = "consent.json";
  static final String DATES = "dates.json";

  private final SubjectStore store;
  private final String id;
  private final Path folder;
  private final SubjectFolders folders;
  private final Set<Cancellation> work = ConcurrentHashMap.newKeySet();
  private final FileNames.ImageNumbers imageNumbers = new FileNames.ImageNumbers();
  private SubjectDates dates;
  private String damage;
  private boolean isClaimed;
  private boolean isErased;

  private Subject(SubjectStore store, String id, Path folder) {
    this.store = store;
    this.id = id;
    this.folder = folder;
    this.folders = new SubjectFolders(id, folder, store.keys());
  }

  /**
   * A new subject, in the store once this returns: its dates, written last, say that it is whole.
   */
  static Subject create(SubjectStore store, String id, Path folder, Consent consent) {
    Subject subject = new Subject(store, id, folder);
    JsonFile.write(
        subject.folder(DataCategory.PERSON).resolve(CONSENT), Map.of("consent", consent.toJson()));
    subject.dates = SubjectDates.createdAt(store.clock().now());
    subject.saveDates();
    return subject;
  }

  static Subject open(SubjectStore store, String id, Path folder) {
    Subject subject = new Subject(store, id, folder);
    try {
      subject.dates = SubjectDates.read(folder.resolve(DATES));
    } catch (InvalidInputException damaged) {
      subject.resetDates(damaged);
    }
    subject.folders.deleteEmpty();
    return subject;
  }

  /**
   * One damaged or lost file must keep nobody from being erased or purged, this person least of
   * all: their time begins anew, once.
   */
  private void resetDates(InvalidInputException damaged) {
    damage = damaged.getMessage();
    dates = SubjectDates.createdAt(store.clock().now());
    try {
      saveDates();
    } catch (ResourceLimitException full) {
      // Nor must a full disk; the next one that opens the store tries again.
    }
  }

  /** What of it was damaged when it was opened, if anything. */
  Optional<String> damage() {
    return Optional.ofNullable(damage);
  }

  /** The random id: 32 hexadecimal digits that say nothing about the person. */
  public String id() {
    return id;
  }

  /**
   * Whether the store's key opens what is kept of the person; false where they have no key of their
   * own.
   *
   * @throws InvalidInputException when another key would
   */
  synchronized boolean canOpen() {
    requireNotErased();
    return folders.has(DataCategory.PERSON) && peek(DataCategory.PERSON) != null;
  }

  /** What the person agreed to; asking is no use. */
  public Consent consent() {
    try {
      return Consent.parse(
          (String) JsonFile.read(peek(DataCategory.PERSON).resolve(CONSENT)).get("consent"));
    } catch (InvalidInputException e) {
      throw isErased() ? new SubjectErasedException(id, e) : e;
    }
  }

  /**
   * Where a holding's files are, as a folder to read and write; asking for it is a use. Once the
   * holding is purged or the subject erased, what is open there fails with {@link IOException}, and
   * nothing more of it is kept.
   */
  public Path folder(DataCategory holding) {
    synchronized (this) {
      Path files = peek(holding);
      recordUse(holding);
      return files;
    }
  }

  /**
   * The same folder, looked into without being a use: what watches over a store keeps nobody in it.
   */
  synchronized Path peek(DataCategory holding) {
    requireNotErased();
    try {
      return folders.root(holding);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          this + ": its " + holding.label() + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Says that the person is still wanted: the time since the last use begins anew. */
  public synchronized void renew() {
    requireNotErased();
    dates = dates.withRenewal(store.clock().now());
    saveDates();
  }

  private void recordUse(DataCategory holding) {
    long now = store.clock().now();
    if (dates != null
        && now - dates.lastUsedAt(holding) >= store.retention().secondsBetweenRecords()) {
      dates = dates.withUse(holding, now);
      saveDates();
    }
  }

  /** Says that photos came in, which are kept until their purpose is met. */
  synchronized void recordPhotos() {
    requireNotErased();
    dates = dates.withPhotos(store.clock().now());
    saveDates();
  }

  /**
   * Says that the person has been learnt, and removes what is no longer needed for it.
   *
   * @throws IllegalStateException while {@link SubjectStudio} learns from the photos
   */
  public synchronized void markPurposeMet() {
    requireNotClaimed();
    markTrained();
  }

  /** The same by whoever has claimed the photos. */
  synchronized void markTrained() {
    requireNotErased();
    dates = dates.trainedAt(store.clock().now());
    saveDates();
    purge();
  }

  private void saveDates() {
    JsonFile.write(folder.resolve(DATES), dates.toMap());
  }

  /**
   * Whether a holding's time is over; work that is under way uses the person and their images, of
   * photos only whoever claims them.
   */
  private boolean isDue(DataCategory holding) {
    boolean inUse = !work.isEmpty() && !SubjectDates.isOfPhotos(holding);
    return !inUse && store.retention().isDue(holding, dates, store.clock().now());
  }

  /**
   * Erases the person whose own time is over; no renewal and no work comes between finding that and
   * erasing.
   */
  synchronized Optional<ErasureReceipt> eraseIfDue() {
    return isDue(DataCategory.PERSON) ? Optional.of(erase()) : Optional.empty();
  }

  /**
   * Removes the holdings whose time is over, but neither the person's own nor any while the photos
   * are claimed.
   */
  synchronized Map<DataCategory, Integer> purgeDue() {
    return isClaimed ? Map.of() : purge();
  }

  private Map<DataCategory, Integer> purge() {
    Map<DataCategory, Integer> purged = new EnumMap<>(DataCategory.class);
    for (DataCategory holding : DataCategory.values()) {
      if (holding != DataCategory.PERSON && folders.has(holding) && isDue(holding)) {
        purged.put(holding, folders.destroy(holding));
      }
    }
    return purged;
  }

  /**
   * Says that long work on this person begins, a use until it is over: its switch is turned when
   * they are erased.
   */
  public synchronized void workStarted(Cancellation cancellation) {
    requireNotErased();
    work.add(cancellation);
  }

  /** Says that work is over. */
  public synchronized void workEnded(Cancellation cancellation) {
    if (work.remove(cancellation)) {
      recordEnd(DataCategory.PERSON);
    }
  }

  private void recordEnd(DataCategory holding) {
    try {
      if (!isErased) {
        recordUse(holding);
      }
    } catch (ResourceLimitException full) {
      // Work that is done must not fail by it, and what failed says why itself; this process knows
      // the time all the same.
    }
  }

  /** Says that the photos are being learnt from, which is done by one at a time. */
  synchronized void claimPhotos() {
    requireNotClaimed();
    isClaimed = true;
  }

  /** Photos coming in: one after the other, and none while they are claimed. */
  synchronized void addPhoto(Runnable photo) {
    requireNotClaimed();
    photo.run();
  }

  private void requireNotClaimed() {
    requireNotErased();
    if (isClaimed) {
      throw new IllegalStateException(this + " is being learnt; wait for that to end");
    }
  }

  synchronized void releasePhotos() {
    isClaimed = false;
    recordEnd(DataCategory.PHOTOS);
  }

  FileNames.ImageNumbers imageNumbers() {
    return imageNumbers;
  }

  /** How many files each holding has. */
  public synchronized Map<DataCategory, Integer> counts() {
    requireNotErased();
    return folders.counts();
  }

  /**
   * When it came, was learnt and was last used, as seconds before now; the second is missing until
   * then.
   */
  public synchronized Map<String, Long> ages() {
    return dates.ages(store.clock().now());
  }

  /**
   * Erases everything of the person, at any moment: work on them is stopped, the keys are
   * destroyed, then the files. When the process ends halfway, the next one that opens the store
   * finishes. A second call returns the same receipt.
   */
  public ErasureReceipt erase() {
    return store.erase(this);
  }

  /** Stops work and makes everything unreadable; the lock is held for as long as that takes. */
  synchronized void destroyKeys() throws IOException {
    isErased = true;
    work.forEach(Cancellation::cancel);
    work.clear();
    folders.destroyKeys();
  }

  synchronized boolean isErased() {
    return isErased;
  }

  private void requireNotErased() {
    if (isErased) {
      throw new SubjectErasedException(id);
    }
  }

  @Override
  public String toString() {
    return "subject " + id;
  }
}
