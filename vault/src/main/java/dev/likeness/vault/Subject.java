package dev.likeness.vault;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The data of one person in a store. Its folders are ordinary {@link Path}s with encrypted files.
 * Thread-safe. Methods that use the data throw {@link SubjectErasedException} after
 * {@link #erase()}, and {@link IllegalStateException} after {@link SubjectStore#close()}. After
 * either call, access to files throws {@link IOException}. If the store cannot be written, methods
 * that change the subject throw {@link ResourceLimitException}.
 */
public final class Subject {
  private static final String CONSENT = "consent.json";
  static final String DATES = "dates.json";

  private final SubjectStore store;
  private final String id;
  private final SubjectFolders folders;
  private final Set<Cancellation> work = ConcurrentHashMap.newKeySet();
  private final FileNames.ImageNumbers imageNumbers = new FileNames.ImageNumbers();
  private SubjectDates.Recorded dates;
  private boolean isClaimed;
  private boolean isErased;
  private boolean isClosed;

  private Subject(SubjectStore store, String id, Path folder) {
    this.store = store;
    this.id = id;
    this.folders = new SubjectFolders(id, folder, store.keys());
  }

  /**
   * Creates a subject. It is part of the store once this returns: the dates are written last, and a
   * folder with dates is complete.
   */
  static Subject create(SubjectStore store, String id, Path folder, Consent consent) {
    Subject subject = new Subject(store, id, folder);
    JsonFile.write(
        subject.peek(DataCategory.PERSON).resolve(CONSENT), Map.of("consent", consent.toJson()));
    subject.dates = SubjectDates.Recorded.create(folder.resolve(DATES), store.clock());
    return subject;
  }

  static Subject open(SubjectStore store, String id, Path folder) {
    Subject subject = new Subject(store, id, folder);
    subject.dates = SubjectDates.Recorded.open(folder.resolve(DATES), store.clock());
    subject.folders.deleteEmpty();
    subject.folders.migrate();
    return subject;
  }

  /** {@return the damage found when the subject was opened; empty for none} */
  Optional<String> damage() {
    return dates.damage();
  }

  /** {@return the random id: 32 hexadecimal digits} */
  public String id() {
    return id;
  }

  /**
   * Returns true if the store's key opens the data, and false if the store was opened without a
   * key.
   *
   * @throws InvalidInputException if the store was opened with another key
   */
  synchronized boolean canOpen() {
    requireUsable();
    return folders.has(DataCategory.PERSON) && peek(DataCategory.PERSON) != null;
  }

  /**
   * Returns the person's consent. For the retention limits, this call does not count as a use.
   *
   * @return the consent
   * @throws InvalidInputException if the store's key cannot decrypt the subject, or the consent is
   *     damaged
   * @throws SubjectErasedException if the subject was erased
   */
  public Consent consent() {
    try {
      return Consent.parse(
          (String) JsonFile.read(peek(DataCategory.PERSON).resolve(CONSENT)).get("consent"));
    } catch (InvalidInputException e) {
      throw isErased() ? new SubjectErasedException(id, e) : e;
    }
  }

  /**
   * Returns the encrypted folder of a category, to read and write. For the retention limits, this
   * call counts as a use. After a purge or erasure, open files throw {@link IOException}.
   *
   * @param category the category
   * @return the root of the folder
   * @throws InvalidInputException if the store's key cannot decrypt the folder
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized Path folder(DataCategory category) {
    Path files = peek(category);
    recordUse(category);
    return files;
  }

  /**
   * Returns the encrypted folder of a category, to look at its files. For the retention limits,
   * this call does not count as a use, so a program can list people without keeping their data
   * longer. To use the data, call {@link #folder}.
   *
   * @param category the category
   * @return the root of the folder
   * @throws InvalidInputException if the store's key cannot decrypt the folder
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized Path peek(DataCategory category) {
    requireUsable();
    try {
      return folders.root(category);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          this + ": its category " + category.label() + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /**
   * Records a use of the subject. The retention limits that count from the last use start again.
   *
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized void renew() {
    requireUsable();
    dates.change(SubjectDates::withRenewal);
  }

  private void recordUse(DataCategory category) {
    dates.recordUse(category, store.retention().secondsBetweenRecords());
  }

  /** Records that photos were added, whose purpose is not met yet. */
  synchronized void recordPhotos() {
    requireUsable();
    dates.change(SubjectDates::withPhotos);
  }

  /**
   * Records that the person was trained. If a category of data has now reached its retention limit,
   * its data is removed. Person data stays.
   *
   * @throws IllegalStateException while {@link SubjectStudio} uses the photos
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized void markPurposeFulfilled() {
    requireNotClaimed();
    markTrained();
  }

  /** Records the training for the caller that has claimed the photos. */
  synchronized void markTrained() {
    requireUsable();
    dates.change(SubjectDates::trainedAt);
    purge();
  }

  /**
   * Returns true if a category has reached its retention limit. Running work counts as a use of all
   * categories except photos.
   */
  private boolean isDue(DataCategory category) {
    boolean inUse = !work.isEmpty() && !SubjectDates.isOfPhotos(category);
    return !inUse
        && !store.isPolicyLost()
        && store.retention().isDue(category, dates.dates(), store.clock().now());
  }

  /**
   * Erases the subject if the limit of its person data is reached. The lock prevents a renewal or
   * new work between check and erasure.
   */
  synchronized Optional<ErasureReceipt> eraseIfDue() {
    return isDue(DataCategory.PERSON) ? Optional.of(erase()) : Optional.empty();
  }

  /** Removes the due categories except the person data; none while photos are claimed. */
  synchronized Map<DataCategory, Integer> purgeDue() {
    requireUsable();
    return isClaimed ? Map.of() : purge();
  }

  private Map<DataCategory, Integer> purge() {
    Map<DataCategory, Integer> purged = new EnumMap<>(DataCategory.class);
    for (DataCategory category : DataCategory.values()) {
      if (category != DataCategory.PERSON && folders.has(category) && isDue(category)) {
        purged.put(category, folders.destroy(category));
      }
    }
    return purged;
  }

  /**
   * Records that long work on this subject begins. Until {@link #workEnded}, retention limits do
   * not remove the person data and the images.
   *
   * @param cancellation cancels the work if the subject is erased or the store is closed
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized void workStarted(Cancellation cancellation) {
    requireUsable();
    work.add(cancellation);
  }

  /**
   * Records that work on this subject has ended.
   *
   * @param cancellation the cancellation that was given to {@link #workStarted}
   */
  public synchronized void workEnded(Cancellation cancellation) {
    if (work.remove(cancellation)) {
      recordEnd(DataCategory.PERSON);
    }
  }

  private void recordEnd(DataCategory category) {
    try {
      if (!isErased && !isClosed) {
        recordUse(category);
      }
    } catch (ResourceLimitException full) {
      // Finished work must not fail because its end could not be recorded. This process knows the
      // time of use anyway.
    }
  }

  /** Claims the photos for training, which one caller at a time may do. */
  synchronized void claimPhotos() {
    requireNotClaimed();
    isClaimed = true;
  }

  /** Adds photos one after the other, and refuses them during a training. */
  synchronized void addPhoto(Runnable photo) {
    requireNotClaimed();
    photo.run();
  }

  private void requireNotClaimed() {
    requireUsable();
    if (isClaimed) {
      throw new IllegalStateException(
          this + ": its photos are in use; wait for training or the choice of references to end");
    }
  }

  synchronized void releasePhotos() {
    isClaimed = false;
    recordEnd(DataCategory.PHOTOS);
  }

  FileNames.ImageNumbers imageNumbers() {
    return imageNumbers;
  }

  /**
   * {@return the number of files of every category}
   *
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized Map<DataCategory, Integer> counts() {
    requireUsable();
    return folders.counts();
  }

  /**
   * Returns the seconds since the subject was {@code created}, {@code trained} and last
   * {@code used}. A choice of reference images counts as a training.
   *
   * @return the seconds by these three keys; {@code trained} is missing before the first training
   */
  public synchronized Map<String, Long> ages() {
    return dates.dates().ages(store.clock().now());
  }

  /**
   * Returns how long the data of a category will be kept if it is not used before. For the
   * retention limits, this call does not count as a use.
   *
   * @param category the category
   * @return the time until a purge removes the data, not negative; empty if there is no data
   * @throws SubjectErasedException if the subject was erased
   */
  public synchronized Optional<Duration> keptFor(DataCategory category) {
    if (counts().getOrDefault(category, 0) == 0) {
      return Optional.empty();
    }
    long left =
        store.retention().secondsLeft(category, dates.dates(), store.clock().now());
    return Optional.of(Duration.ofSeconds(Math.max(0, left)));
  }

  /**
   * Erases all data of the subject: cancels running work, destroys the keys, then deletes the
   * files. If the process ends halfway, the next opening of the store finishes the erasure.
   *
   * @return the receipt; a second call returns the same receipt
   * @throws ResourceLimitException if files cannot be deleted; the message says what to do
   * @throws IllegalStateException if the store is closed and the subject was not erased before
   */
  public ErasureReceipt erase() {
    return store.erase(this);
  }

  /** Cancels work and destroys all keys, under the lock. */
  synchronized void destroyKeys() throws IOException {
    isErased = true;
    work.forEach(Cancellation::cancel);
    work.clear();
    folders.destroyKeys();
  }

  /** Cancels work and ends all use of the files by this object. */
  synchronized void close() {
    isClosed = true;
    work.forEach(Cancellation::cancel);
    work.clear();
    folders.close();
  }

  synchronized boolean isErased() {
    return isErased;
  }

  private void requireUsable() {
    if (isErased) {
      throw new SubjectErasedException(id);
    }
    if (isClosed) {
      throw new IllegalStateException(store + " is closed; open it again to use " + this);
    }
  }

  @Override
  public String toString() {
    return "subject " + id;
  }
}
