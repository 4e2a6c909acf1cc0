package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.headshots.Selfies;
import dev.likeness.lora.LoraPerson;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a program that works on a store at random moments, some of them counted from when it begins
 * to train a person, some from when it erases one; {@code -Dlikeness.kills=200} kills it more
 * often, {@code -Dlikeness.seed} elsewhere. After each kill the store opens, holds whole files
 * only, each person as they were or as they were to become, and has finished every erasure that had
 * begun.
 */
class KilledProcessTest {
  @TempDir
  private Path folder;

  private Path place;
  private Path key;
  private Path tiny;
  private BaseModel base;
  private final Set<String> erased = new HashSet<>();
  private final Set<String> trained = new HashSet<>();
  private int killedTraining;
  private int killedErasing;

  @BeforeEach
  void open() {
    place = folder.resolve("store");
    key = folder.resolve("key.txt");
    WrappingKey.createFile(key);
    tiny = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    base = GoldenFolder.load(tiny);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @Tag("slow")
  @Test
  void leavesTheOldStateOrTheNewOne(TestReporter reporter) throws Exception {
    Random random = new Random(Long.getLong("likeness.seed", 7));
    int kills = Integer.getInteger("likeness.kills", 4);
    for (int kill = 0; kill < kills; kill++) {
      try (KilledProgram program = new KilledProgram(place, key, tiny, random.nextInt())) {
        kill(program, kill, random);
        Set<String> begun = names(place.resolve("erasing"));
        begun.retainAll(names(place.resolve("subjects")));
        killedErasing += begun.isEmpty() ? 0 : 1;
        killedTraining += program.isBetween("learning", "learnt", "stopped") ? 1 : 0;
        erased.addAll(program.subjects("erased"));
        trained.addAll(program.subjects("learnt"));
        requireWholeStore(begun, program);
      }
    }
    reporter.publishEntry(
        "killed " + kills + " times, " + killedTraining + " in learning, " + killedErasing
            + " in erasing; " + trained.size() + " learnt, " + erased.size() + " erased");
  }

  private static void kill(KilledProgram program, int kill, Random random) throws IOException {
    switch (kill % 3) {
      case 0 -> program.killAfter("open", random.nextInt(300));
      case 1 -> program.killAfter("train", random.nextInt(3000));
      default -> program.killAfter("erasing", random.nextInt(20));
    }
  }

  private void requireWholeStore(Set<String> begun, KilledProgram program) throws IOException {
    try (SubjectStore store = SubjectStore.open(place, WrappingKey.ofFile(key))) {
      assertEquals(List.of(), store.verify(), program::toString);
      assertEquals(Set.of(), names(place.resolve("erasing")));
      erased.addAll(begun);
      for (String id : erased) {
        assertTrue(store.receipt(id).isGenuine());
        assertFalse(Files.exists(place.resolve("subjects").resolve(id)));
      }
      for (Subject subject : store.subjects()) {
        assertFalse(erased.contains(subject.id()));
        requireWholeSubject(subject, trained.contains(subject.id()));
      }
    }
    try (Stream<Path> files = Files.walk(place)) {
      assertEquals(
          List.of(),
          files.filter(file -> file.toString().endsWith(".part")).toList(),
          program::toString);
    }
  }

  private void requireWholeSubject(Subject subject, boolean known) throws IOException {
    if (subject.consent().text().equals(StoreProgram.KEEP)) {
      for (DataCategory holding : DataCategory.values()) {
        requireWholeFiles(subject.folder(holding));
      }
      return;
    }
    assertEquals(StoreProgram.TRAIN, subject.consent().text());
    for (String name : Selfies.names()) {
      Path photo = subject.folder(DataCategory.PHOTOS).resolve(name);
      assertFalse(known && Files.exists(photo), "a photo that was no longer needed is still there");
      if (Files.exists(photo)) {
        assertArrayEquals(Selfies.read(name), Files.readAllBytes(photo));
      }
    }
    if (known || Files.exists(subject.folder(DataCategory.PERSON).resolve("person.safetensors"))) {
      try (LoraPerson person = LoraPerson.open(SubjectStudio.personFile(subject), base)) {
        assertTrue(person.personToken().consent().contains(StoreProgram.TRAIN));
      }
    }
  }

  private static void requireWholeFiles(Path holding) throws IOException {
    try (Stream<Path> files = Files.list(holding)) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("file-")).toList()) {
        byte[] content = Files.readAllBytes(file);
        for (byte b : content) {
          assertEquals(content[0], b, file.toString());
        }
      }
    }
  }

  private static Set<String> names(Path directory) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.exists(directory) ? Files.list(directory) : Stream.empty()) {
      files
          .map(file -> file.getFileName().toString())
          .filter(SubjectStore::isId)
          .forEach(names::add);
    }
    return names;
  }
}
