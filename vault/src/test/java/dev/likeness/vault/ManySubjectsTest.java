package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sixteen threads take in, learn, draw, look at and erase eight subjects at random, for
 * {@code -Dlikeness.seconds=600} or two seconds: every file says whose it is, so that one in
 * another's hands is noticed; in the end exactly the survivors' files are there, and all of them
 * can be read.
 */
class ManySubjectsTest {
  private static final int THREADS = 16;
  private static final int SUBJECTS = 8;

  @TempDir
  private Path folder;

  private SubjectStore store;
  private SubjectStudio studio;
  private final AtomicReferenceArray<Subject> subjects = new AtomicReferenceArray<>(SUBJECTS);
  private final Map<String, String> agreed = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> done = new ConcurrentSkipListMap<>();

  @Test
  void neverMix(TestReporter reporter) throws Exception {
    WrappingKey key = WrappingKey.createFile(folder.resolve("key.txt"));
    store = SubjectStore.open(folder.resolve("store"), key);
    for (int i = 0; i < SUBJECTS; i++) {
      subjects.set(i, create());
    }
    try (BaseModel base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path())) {
      studio = SubjectStudio.on(
          base,
          HeadshotStudio.on(base)
              .training(TrainingSettings.quick().steps(2).rank(2).batchSize(1)));
      runThreads(System.nanoTime() + Integer.getInteger("likeness.seconds", 2) * 1_000_000_000L);
      store.close();
      store = SubjectStore.open(folder.resolve("store"), key);
      requireSurvivors(base);
    }
    store.close();
    reporter.publishEntry(done.toString());
  }

  private Subject create() {
    String text = "subject " + agreed.size() + " " + UUID.randomUUID();
    Subject subject = store.create(Consent.of(text));
    agreed.put(subject.id(), text);
    return subject;
  }

  private void requireSurvivors(BaseModel base) throws IOException {
    Set<String> survivors = new HashSet<>();
    for (int i = 0; i < SUBJECTS; i++) {
      survivors.add(subjects.get(i).id());
    }
    assertEquals(survivors, store.subjects().stream().map(Subject::id).collect(Collectors.toSet()));
    assertEquals(List.of(), store.verify());
    try (Stream<Path> left = Files.list(folder.resolve("store/subjects"))) {
      assertEquals(
          survivors, left.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
    }
    for (Subject subject : store.subjects()) {
      for (DataCategory holding : DataCategory.values()) {
        check(subject, holding);
      }
      if (Files.exists(subject.folder(DataCategory.PERSON).resolve("person.safetensors"))) {
        try (LoraPerson person = LoraPerson.open(SubjectStudio.personFile(subject), base)) {
          assertEquals(
              agreed.get(subject.id()),
              Consent.parse(person.personToken().consent()).text());
        }
      }
    }
  }

  private void runThreads(long end) throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      // Neighbouring seeds would draw alike.
      Random random = new Random(i * 0x9E3779B97F4A7C15L);
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

  // Erasure may win against any other act, which then fails; and files that lie among photos and
  // work may go while they
  // are written or read, when somebody is learnt. Nothing else may fail.
  private void act(Random random) {
    int slot = random.nextInt(SUBJECTS);
    Subject subject = subjects.get(slot);
    DataCategory holding = DataCategory.values()[random.nextInt(DataCategory.values().length)];
    try {
      switch (random.nextInt(24)) {
        case 0 -> erase(slot, subject);
        case 1 -> work(subject, "met", random);
        case 2 -> assertEquals(List.of(), store.purgeDue().erased());
        case 3, 4, 5, 6, 7 -> check(subject, holding);
        case 8, 9 -> work(subject, "photo", random);
        case 10 -> work(subject, "learn", random);
        case 11 -> work(subject, "draw", random);
        default ->
          Files.write(
              subject.folder(holding).resolve("file-" + random.nextInt(4)),
              content(subject, random));
      }
    } catch (SubjectErasedException erasedMeanwhile) {
      assertTrue(subject.isErased());
    } catch (IOException e) {
      assertTrue(
          subject.isErased()
              || holding == DataCategory.PHOTOS
              || holding == DataCategory.TRAINING_STATES,
          e.toString());
    }
  }

  private void erase(int slot, Subject subject) {
    assertTrue(subject.erase().isGenuine());
    Subject fresh = create();
    if (!subjects.compareAndSet(slot, subject, fresh)) {
      fresh.erase();
    }
    count("erased");
  }

  private void work(Subject subject, String what, Random random) {
    String selfie = Selfies.names().get(random.nextInt(3));
    try {
      switch (what) {
        case "met" -> subject.markPurposeFulfilled();
        case "learn" -> studio.train(subject, Run.silent());
        case "draw" ->
          studio.shoot(subject, ShootRequest.of(Style.named("studio"), 1).steps(1), Run.silent());
        default -> studio.add(subject, selfie, Selfies.read(selfie));
      }
      count(what);
    } catch (CancelledException | SubjectErasedException e) {
      assertTrue(subject.isErased(), e.toString());
    } catch (InvalidInputException e) {
      assertTrue(
          e.getMessage().contains(what.equals("draw") ? "has not been trained" : "photo"),
          e.toString());
      count("no " + what);
    } catch (IllegalStateException e) {
      assertTrue(
          !what.equals("draw")
              && e.getMessage()
                  .endsWith(
                      ": its photos are in use; wait for training or the choice of references to end"),
          e.toString());
      count("no " + what);
    }
  }

  private void count(String what) {
    done.computeIfAbsent(what, name -> new LongAdder()).increment();
  }

  private static byte[] content(Subject subject, Random random) {
    return subject.id().repeat(1 + random.nextInt(2000)).getBytes(StandardCharsets.US_ASCII);
  }

  private void check(Subject subject, DataCategory holding) throws IOException {
    assertEquals(agreed.get(subject.id()), subject.consent().text());
    try (Stream<Path> files = Files.list(subject.folder(holding))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("file-")) {
          assertEquals(
              "", Files.readString(file, StandardCharsets.US_ASCII).replace(subject.id(), ""));
        } else if (name.startsWith("record")) {
          assertTrue(Files.readString(file).contains(agreed.get(subject.id())));
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
