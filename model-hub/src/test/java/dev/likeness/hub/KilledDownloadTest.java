package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it downloads leaves nothing that looks whole and is not. */
class KilledDownloadTest {
  private static final byte[] WEIGHTS = Bytes.of(3_000_000, 1);
  private static final String REPOSITORY = "ada/killed";
  private static final List<String> NAMES = List.of("a.safetensors", "b/c.safetensors");

  @TempDir
  private Path cache;

  /** Downloads in a process of its own. Arguments: endpoint, cache. */
  static final class Program {
    private Program() {}

    /** Gets both files. */
    public static void main(String[] args) {
      HubSettings settings = HubSettings.of(
          java.util.Map.of("HF_ENDPOINT", args[0], "HF_HUB_CACHE", args[1]), Path.of(args[1]));
      ModelHub hub = ModelHub.open(settings);
      NAMES.forEach(name -> hub.get(REPOSITORY + ":" + name));
    }
  }

  @Test
  void aFewKillsEndWithWholeFiles() throws Exception {
    kill(4);
  }

  @Test
  @Tag("slow")
  void fiftyKillsEndWithWholeFiles() throws Exception {
    kill(50);
  }

  @Test
  void twoProcessesDownloadAFileOnce() throws Exception {
    try (LocalHub server = new LocalHub()) {
      server
          .repository(REPOSITORY)
          .large(NAMES.get(0), WEIGHTS)
          .large(NAMES.get(1), Bytes.of(2_000_000, 2));
      slow(server, 4);
      List<Process> both = List.of(start(server), start(server));
      for (Process process : both) {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
      }
      assertEquals(
          2,
          server.requests().stream()
              .filter(request -> request.server().equals("storage"))
              .count());
    }
  }

  private void kill(int times) throws Exception {
    Random random = new Random(7);
    try (LocalHub server = new LocalHub()) {
      server
          .repository(REPOSITORY)
          .large(NAMES.get(0), WEIGHTS)
          .large(NAMES.get(1), Bytes.of(2_000_000, 2));
      slow(server, times + 3);
      int killed = 0;
      for (int i = 0; i < times; i++) {
        Process process = start(server);
        if (!process.waitFor(150 + random.nextInt(700), TimeUnit.MILLISECONDS)) {
          process.destroyForcibly().waitFor();
          killed++;
        }
        assertNothingHalf();
      }
      assertTrue(killed > 0, "some process was killed");
      Process last = start(server);
      assertTrue(last.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, last.exitValue());
      Path snapshot = cache
          .resolve("models--ada--killed/snapshots")
          .resolve(server.repository(REPOSITORY).commit);
      assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve(NAMES.get(0))));
      assertArrayEquals(Bytes.of(2_000_000, 2), Files.readAllBytes(snapshot.resolve(NAMES.get(1))));
      assertEquals(List.of(), HubCache.of(server.settings(cache)).faults(REPOSITORY));
    }
  }

  /** Whatever has its final name is whole. */
  private void assertNothingHalf() throws IOException {
    Path blobs = cache.resolve("models--ada--killed/blobs");
    if (!Files.exists(blobs)) {
      return;
    }
    try (Stream<Path> all = Files.list(blobs)) {
      for (Path blob : all.toList()) {
        String name = blob.getFileName().toString();
        assertTrue(name.endsWith(".likeness.part") || BlobHash.matches(blob, name, () -> {}), name);
      }
    }
  }

  // About a second a file, so that most processes die in the middle.
  private static void slow(LocalHub server, int requests) {
    for (String name : NAMES) {
      server.slow(REPOSITORY + ":" + name, requests);
    }
  }

  private Process start(LocalHub server) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        Program.class.getName(),
        server.address().toString(),
        cache.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
