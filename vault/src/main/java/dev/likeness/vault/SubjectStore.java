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
 * The things of many persons, each encrypted under keys of their own, in a folder that the
 * application names. One process opens it at a time; in it, any number of threads. Opening finishes
 * what an earlier process left unfinished.
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
    this.folder = Files.isDirectory(given)
        ? requireStore(given.toRealPath())
        : Files.createDirectories(given);
    this.keys = keys;
    this.lock = StoreLock.acquire(given);
    try {
      StoreLock.discardUnfinished(folder.resolve("erasing"));
      StoreLock.discardUnfinished(folder.resolve(ErasureReceipt.FOLDER));
      AtomicFile.sweep(folder.resolve("clock.json"));
      AtomicFile.sweep(folder.resolve("retention.json"));
      this.clock = new StoreClock(folder.resolve("clock.json"), options.clock());
      this.retention = retention(folder.resolve("retention.json"), options);
      this.erasure = new Erasure(folder, options.clock(), options.signer());
      erasure.finishAll();
      openAll();
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** Opens a store, or makes one, with the default options. */
  public static SubjectStore open(Path folder, WrappingKey keys) {
    return open(folder, keys, StoreOptions.defaults());
  }

  /**
   * Opens a store, or makes one.
   *
   * @throws InvalidInputException when the folder holds other things
   * @throws StoreInUseException when it is open already, here or in another process
   * @throws ResourceLimitException when the disk refuses
   */
  public static SubjectStore open(Path folder, WrappingKey keys, StoreOptions options) {
    try {
      return new SubjectStore(folder.toAbsolutePath(), keys, options);
    } catch (IOException | UncheckedIOException e) {
      throw new ResourceLimitException(
          "cannot open the store " + folder + ": " + e.getMessage()
              + "; see that it is a folder that this user may write",
          e);
    }
  }

  // A new volume may have a lost+found and hidden things.
  private static Path requireStore(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      List<String> names = inside
          .filter(Files::isReadable)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith(".") && !name.equals("lost+found"))
          .toList();
      if (!names.isEmpty() && !names.contains("lock") && !names.contains("clock.json")) {
        throw new InvalidInputException(folder + " is no store, which has a clock.json, but has "
            + names.get(0) + "; give a store, or a new folder");
      }
    }
    return folder;
  }

  private static RetentionPolicy retention(Path file, StoreOptions options) {
    options.retention().ifPresent(policy -> JsonFile.write(file, policy.toMap()));
    return Files.exists(file)
        ? RetentionPolicy.of(JsonFile.read(file))
        : RetentionPolicy.defaults();
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

  /** How long things are kept. */
  public RetentionPolicy retention() {
    return retention;
  }

  /**
   * Takes in a person who has agreed; nothing of them is kept before.
   *
   * @throws InvalidInputException when the key opens nobody who is in the store already
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
   * People under another key would make a store that no key opens. One person that the key opens is
   * enough: a damaged key file of one person must not lock out the others.
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
   * The subject of this id.
   *
   * @throws InvalidInputException when there is none; an id that was erased is one of those
   */
  public Subject subject(String id) {
    Subject subject = subjects.get(id);
    if (subject == null) {
      throw new InvalidInputException("the store has no subject "
          + (isId(id) ? id : "of that id, since ids have 32 hex " + "digits")
          + "; list shows those that it has");
    }
    return subject;
  }

  /** All subjects. */
  public List<Subject> subjects() {
    return subjects.values().stream().sorted(Comparator.comparing(Subject::id)).toList();
  }

  /**
   * Removes everything whose time is over; a person whose own time is over is erased, unless work
   * on them is under way. Where one fails, the others go on.
   *
   * @throws ResourceLimitException in the end, when a disk refused; further failures are suppressed
   *     in it
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
                  + "; see to that and open the store again, which finishes it",
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
                + remainderText(subject),
            e);
      }
    }
  }

  private String remainderText(Subject subject) {
    if (erasure.isStarted(subject.id())) {
      return "; see to that and open the store again, which goes on";
    }
    return subject.isErased()
        ? "; some of it may be left, and no note of it could be written: see to that and try again"
        : "; nothing of it is gone yet, try again";
  }

  /** The receipt of an erasure. */
  public ErasureReceipt receipt(String id) {
    if (!isId(id)) {
      throw new InvalidInputException("ids are 32 hexadecimal digits");
    }
    return ErasureReceipt.read(ErasureReceipt.file(folder, id));
  }

  /** Reads every file of every subject; returns what cannot be read, one line each. */
  public List<String> verify() {
    return subjects().stream()
        .flatMap(subject -> SubjectFolders.SubjectCheck.findProblems(subject).stream())
        .toList();
  }

  /** Ends the use of the store by this process. */
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
