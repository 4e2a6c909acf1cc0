package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.vault.internal.file.EncryptedFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Erases a subject so that an interrupted erasure can be finished: writes a note, destroys the
 * keys, deletes the files, writes the receipt, deletes the note. Every step can be repeated.
 */
final class Erasure {
  private final Path subjects;
  private final Path startedFolder;
  private final Path store;
  private final Clock clock;
  private final ReceiptSigner signer;

  Erasure(Path store, Clock clock, ReceiptSigner signer) {
    this.subjects = store.resolve("subjects");
    this.startedFolder = store.resolve("erasing");
    this.store = store;
    this.clock = clock;
    this.signer = signer;
  }

  /** Destroys the keys of a subject. */
  @FunctionalInterface
  interface Keys {
    void destroy() throws IOException;
  }

  /**
   * Erases a subject, whose lock the caller holds.
   *
   * @param unlist removes the subject from the store once the erasure has begun
   */
  ErasureReceipt erase(Subject subject, Runnable unlist) {
    try {
      if (!isStarted(subject.id())) {
        start(subject.id(), subject::destroyKeys);
      }
      unlist.run();
      return finish(subject.id());
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot finish erasing the subject " + subject.id() + ": " + e.getMessage()
              + remainderText(subject),
          e);
    }
  }

  private String remainderText(Subject subject) {
    if (isStarted(subject.id())) {
      return "; remove the cause and open the store again, which finishes the erasure";
    }
    return subject.isErased()
        ? "; some of its data may be left, because the erasure could not be recorded: remove "
            + "the cause and erase the subject again"
        : "; none of its data is erased yet: remove the cause and erase the subject again";
  }

  /**
   * Writes the note of the erasure of {@code id} with its file counts, and destroys its
   * {@code keys}.
   */
  void start(String id, Keys keys) throws IOException {
    Map<String, Object> note = new LinkedHashMap<>();
    note.put("begun", now().toString());
    note.put("files", counts(subjects.resolve(id)));
    try {
      JsonFile.write(startedFolder.resolve(id), note);
      keys.destroy();
    } catch (ResourceLimitException full) {
      startOnFullDisk(id, keys, note);
    }
  }

  // If a full disk has no space for the note, deleting files may free some.
  private void startOnFullDisk(String id, Keys keys, Map<String, Object> note) throws IOException {
    try {
      keys.destroy();
      remove(subjects.resolve(id));
    } catch (IOException e) {
      try {
        JsonFile.write(startedFolder.resolve(id), note);
      } catch (ResourceLimitException still) {
        e.addSuppressed(still);
      }
      throw e;
    }
    JsonFile.write(startedFolder.resolve(id), note);
  }

  boolean isStarted(String id) {
    return Files.exists(startedFolder.resolve(id));
  }

  boolean isFinished(String id) {
    return receipt(id).isPresent() && !isStarted(id) && !Files.exists(subjects.resolve(id));
  }

  /** Returns the receipt of a subject; empty if there is none, or a damaged or altered one. */
  Optional<ErasureReceipt> receipt(String id) {
    try {
      return Optional.of(ErasureReceipt.file(store, id))
          .filter(Files::exists)
          .map(ErasureReceipt::read)
          .filter(receipt -> receipt.subject().equals(id) && receipt.isGenuine());
    } catch (InvalidInputException damaged) {
      return Optional.empty();
    }
  }

  /** Finishes an erasure that has a note, also a damaged one. */
  ErasureReceipt finish(String id) throws IOException {
    Note note = readNote(id);
    remove(subjects.resolve(id));
    Optional<ErasureReceipt> earlier = receipt(id);
    ErasureReceipt receipt = earlier.isPresent()
        ? earlier.get()
        : ErasureReceipt.signed(id, note.begun(), now(), note.files(), signer);
    if (earlier.isEmpty()) {
      JsonFile.write(ErasureReceipt.file(store, id), receipt.toMap());
    }
    Files.deleteIfExists(startedFolder.resolve(id));
    return receipt;
  }

  private record Note(Instant begun, Map<String, Integer> files) {}

  // A half-written note says that an erasure has begun. Then the files that are left are counted.
  private Note readNote(String id) throws IOException {
    try {
      Map<String, Object> note = JsonFile.read(startedFolder.resolve(id));
      Map<?, ?> counts = (Map<?, ?>) note.get("files");
      Map<String, Integer> files = new LinkedHashMap<>();
      for (DataCategory category : DataCategory.values()) {
        Object count = counts.get(category.label());
        files.put(category.label(), Math.max(0, (Integer)
            (count == null ? formerCount(counts, category) : count)));
      }
      return new Note(Instant.parse((String) note.get("begun")), files);
    } catch (InvalidInputException
        | ClassCastException
        | NullPointerException
        | DateTimeParseException damaged) {
      return new Note(now(), counts(subjects.resolve(id)));
    }
  }

  private static Object formerCount(Map<?, ?> counts, DataCategory category) {
    Object count = counts.get(category.formerLabel());
    return count == null ? 0 : count;
  }

  /** Finishes all interrupted erasures. */
  void finishAll() throws IOException {
    if (Files.isDirectory(startedFolder)) {
      try (Stream<Path> notes = Files.list(startedFolder)) {
        for (Path note : notes.toList()) {
          String id = note.getFileName().toString();
          if (SubjectStore.isId(id)) {
            finish(id);
          }
        }
      }
    }
  }

  /** Deletes what a failure left; an error of the deletion is added to the failure. */
  static void discard(Path unfinished, RuntimeException failure) {
    try {
      remove(unfinished);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Deletes a folder: first every key in it, then the rest. */
  static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    for (DataCategory category : DataCategory.values()) {
      for (String label : category.labels()) {
        EncryptedFolder.destroyKeyIn(folder.resolve(label));
      }
    }
    Files.walkFileTree(folder, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
          throws IOException {
        Files.deleteIfExists(file);
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (e instanceof NoSuchFileException) {
          return FileVisitResult.CONTINUE;
        }
        throw e;
      }

      @Override
      public FileVisitResult postVisitDirectory(Path directory, IOException e) throws IOException {
        Files.deleteIfExists(directory);
        return FileVisitResult.CONTINUE;
      }
    });
  }

  private static Map<String, Integer> counts(Path folder) throws IOException {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (DataCategory category : DataCategory.values()) {
      for (String label : category.labels()) {
        Path files = folder.resolve(label).resolve("files");
        try (Stream<Path> list = Files.isDirectory(files) ? Files.list(files) : Stream.empty()) {
          counts.merge(category.label(), (int) list.count(), Integer::sum);
        } catch (UncheckedIOException e) {
          throw e.getCause();
        }
      }
    }
    return counts;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
