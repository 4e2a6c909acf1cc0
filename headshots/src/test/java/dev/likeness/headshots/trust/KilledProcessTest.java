package dev.likeness.headshots.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.trust.key.KeyWrapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a program that works on a store at random moments; {@code -Dlikeness.kills=200} kills it more often. After each
 * kill the store opens, holds whole files only, and has finished every erasure that had begun.
 */
class KilledProcessTest {
  @TempDir
  private Path folder;

  @Test
  void leavesTheOldStateOrTheNewOne() throws Exception {
    Path key = folder.resolve("key.txt");
    Path place = folder.resolve("store");
    KeyWrapping keys = KeyWrapping.newFile(key);
    Random random = new Random(7);
    Set<String> erased = new HashSet<>();
    int kills = Integer.getInteger("likeness.kills", 5);
    for (int kill = 0; kill < kills; kill++) {
      erased.addAll(runAndKill(place, key, kill, random.nextInt(300)));
      try (SubjectStore store = SubjectStore.open(place, keys)) {
        assertEquals(List.of(), store.verify(), "after kill " + kill);
        for (Subject subject : store.subjects()) {
          assertTrue(subject.consent().text().equals("yes") && !erased.contains(subject.id()));
          requireWholeFiles(subject);
        }
        for (String id : erased) {
          assertTrue(store.receipt(id).isGenuine());
          assertFalse(Files.exists(place.resolve("subjects").resolve(id)));
        }
      }
      assertEquals(List.of(), unfinished(place), "after kill " + kill);
    }
  }

  private static void requireWholeFiles(Subject subject) throws IOException {
    for (Holding holding : Holding.values()) {
      try (Stream<Path> files = Files.list(subject.folder(holding))) {
        for (Path file : files.filter(f -> f.getFileName().toString().startsWith("file-")).toList()) {
          byte[] content = Files.readAllBytes(file);
          for (byte b : content) {
            assertEquals(content[0], b, file.toString());
          }
        }
      }
    }
  }

  private static List<Path> unfinished(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      return files.filter(file -> file.toString().endsWith(".part")).toList();
    }
  }

  /** Returns the subjects whose erasure had been announced as done. */
  private Set<String> runAndKill(Path place, Path key, long seed, int millis) throws Exception {
    Path told = folder.resolve("told-" + seed);
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", System.getProperty("java.class.path"),
        StoreProgram.class.getName(), place.toString(), key.toString(), Long.toString(seed))
        .redirectError(ProcessBuilder.Redirect.INHERIT).redirectOutput(told.toFile()).start();
    while (Files.size(told) == 0 && process.isAlive()) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    TimeUnit.MILLISECONDS.sleep(millis);
    assertTrue(process.isAlive(), Files.readString(told));
    process.destroyForcibly().waitFor();
    return Files.readString(told).lines().filter(line -> line.matches("erased [0-9a-f]{32}"))
        .map(line -> line.substring("erased ".length())).collect(Collectors.toSet());
  }
}
