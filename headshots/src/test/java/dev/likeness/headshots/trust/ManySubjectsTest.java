package dev.likeness.headshots.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.trust.key.KeyWrapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sixteen threads do things to eight subjects at random, for {@code -Dlikeness.seconds=600} or two seconds: every file
 * says whose it is, so that one in another's hands is noticed; in the end exactly the survivors' files are there.
 */
class ManySubjectsTest {
  private static final int THREADS = 16;
  private static final int SUBJECTS = 8;

  @TempDir
  private Path folder;
  private SubjectStore store;
  private final AtomicReferenceArray<Subject> subjects = new AtomicReferenceArray<>(SUBJECTS);

  @Test
  void neverMix() throws Exception {
    KeyWrapping key = KeyWrapping.newFile(folder.resolve("key.txt"));
    store = SubjectStore.open(folder.resolve("store"), key);
    for (int i = 0; i < SUBJECTS; i++) {
      subjects.set(i, store.create(Consent.of("subject " + i)));
    }
    long end = System.nanoTime() + Integer.getInteger("likeness.seconds", 2) * 1_000_000_000L;
    runThreads(end);
    store.close();
    store = SubjectStore.open(folder.resolve("store"), key);
    Set<String> survivors = new HashSet<>();
    for (int i = 0; i < SUBJECTS; i++) {
      survivors.add(subjects.get(i).id());
    }
    assertEquals(survivors, store.subjects().stream().map(Subject::id).collect(Collectors.toSet()));
    assertEquals(List.of(), store.verify());
    try (Stream<Path> left = Files.list(folder.resolve("store/subjects"))) {
      assertEquals(survivors, left.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
    }
    for (Subject subject : store.subjects()) {
      for (Holding holding : Holding.values()) {
        check(subject, holding);
      }
    }
    store.close();
  }

  private void runThreads(long end) throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Random random = new Random(i);
      running.add(threads.submit(() -> {
        while (System.nanoTime() < end) {
          act(random);
        }
      }));
    }
    for (Future<?> thread : running) {
      thread.get();
    }
    threads.shutdown();
  }

  // Erasure may win against any other act, which then fails; nothing else may.
  private void act(Random random) {
    int slot = random.nextInt(SUBJECTS);
    Subject subject = subjects.get(slot);
    Holding holding = Holding.values()[random.nextInt(Holding.values().length)];
    try {
      switch (random.nextInt(12)) {
        case 0 -> {
          assertTrue(subject.erase().isGenuine());
          Subject fresh = store.create(Consent.of("subject " + slot));
          if (!subjects.compareAndSet(slot, subject, fresh)) {
            fresh.erase();
          }
        }
        case 1 -> subject.purposeMet();
        case 2, 3, 4 -> check(subject, holding);
        case 5 -> assertEquals(List.of(), store.purgeDue().erased());
        default -> Files.write(subject.folder(holding).resolve("file-" + random.nextInt(4)), content(subject, random));
      }
    } catch (SubjectErased | MachineLimit erasedMeanwhile) {
      assertTrue(subject.isErased() || holding != Holding.PERSON, erasedMeanwhile.toString());
    } catch (IOException e) {
      assertTrue(subject.isErased() || holding == Holding.PHOTOS || holding == Holding.WORK, e.toString());
    }
  }

  private static byte[] content(Subject subject, Random random) {
    return subject.id().repeat(1 + random.nextInt(2000)).getBytes(StandardCharsets.US_ASCII);
  }

  private static void check(Subject subject, Holding holding) throws IOException {
    try (Stream<Path> files = Files.list(subject.folder(holding))) {
      for (Path file : files.filter(path -> path.getFileName().toString().startsWith("file-")).toList()) {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        assertEquals("", text.replace(subject.id(), ""));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
