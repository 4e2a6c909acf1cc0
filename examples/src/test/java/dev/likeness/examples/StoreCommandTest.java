package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person's way through a store on a tiny base, watched: nothing of them is ever in the clear. */
class StoreCommandTest {
  private static final String STRANGER = "5000000777";
  private static final int EVERY_MILLIS = 100;
  private static final int SLICE = 24;

  @TempDir
  private Path folder;

  @Test
  void keepsDrawsAndErasesAPersonWithoutAPlainByteOfThem() throws Exception {
    Path base = TinyBase.in(folder);
    assertEquals(0, CommandRun.of("people", "--seed", STRANGER, "--photos", "3", "--out",
        folder.resolve("people").toString()).status());
    Path photos = folder.resolve("people/person-" + STRANGER);
    Path store = folder.resolve("store");
    String[] opened = {"--store", store.toString(), "--key", folder.resolve("key.txt").toString()};
    Watch watch = new Watch(store, slices(photos));
    String id = run(opened, "train", "--photos", photos.toString(), "--base", base.toString(), "--dtype", "f32",
        "--device", "cpu", "--steps", "26").out().strip();
    assertTrue(id.matches("[0-9a-f]{32}"), id);
    run(opened, "headshot", "--person", id, "--base", base.toString(), "--dtype", "f32", "--device", "cpu", "--steps",
        "2", "--style", "studio", "--out", folder.resolve("out").toString());
    assertTrue(run(opened, "people", "show", id).out().contains("nobody real is shown: the photos were rendered"));
    assertEquals("1 persons, 0 problems", run(opened, "verify").out().strip());
    assertEquals(Set.of(), watch.end());
    String[] keyless = {"--store", store.toString()};
    assertTrue(run(keyless, "people", "list").out().startsWith(id + "  2 files, came 0 days ago"));
    assertEquals("0 persons erased, 0 files of others removed", run(keyless, "purge", "--due").out().strip());
    Path receipt = store.resolve("receipts/" + id + ".json");
    run(keyless, "people", "erase", id);
    assertTrue(CommandRun.of("verify", receipt.toString()).out().startsWith("genuine: " + id + " was erased"));
    assertEquals("", run(keyless, "people", "list").out());
    assertEquals(List.of(), TinyBase.namesIn(store.resolve("subjects")));
    Files.writeString(receipt, Files.readString(receipt).replace("\"person\" : 2", "\"person\" : 3"));
    assertEquals(3, CommandRun.of("verify", receipt.toString()).status());
  }

  @Test
  void wantsAStore() {
    assertEquals(List.of("--store DIR is missing: the folder where persons are kept"),
        CommandRun.of("people", "list").complaints());
    assertEquals(List.of("Missing required option: '--out=DIR' (try likeness people --help)"),
        CommandRun.of("people").complaints());
  }

  private static CommandRun run(String[] store, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(store));
    CommandRun run = CommandRun.of(all.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    return run;
  }

  /** Bytes out of every selfie. */
  private static List<String> slices(Path photos) throws IOException {
    List<String> slices = new ArrayList<>();
    for (String name : TinyBase.namesIn(photos)) {
      byte[] file = Files.readAllBytes(photos.resolve(name));
      slices.add(new String(file, file.length / 2, SLICE, StandardCharsets.ISO_8859_1));
    }
    assertFalse(slices.isEmpty());
    return slices;
  }

  /**
   * Looks for the selfies' bytes in the store and the temporary folder again and again, and in the store also for what
   * photos are called and for what every plain adapter has in its header.
   */
  private static final class Watch {
    private static final List<String> TELLING = List.of("selfie-0", ".lora_A.weight", "likeness.class_word");

    private final AtomicBoolean running = new AtomicBoolean(true);
    private final Set<String> seen = new ConcurrentSkipListSet<>();
    private final Set<Path> before = new ConcurrentSkipListSet<>();
    private final Thread thread;

    Watch(Path store, List<String> slices) throws IOException {
      Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
      try (Stream<Path> files = Files.list(temporary)) {
        files.forEach(before::add);
      }
      thread = new Thread(() -> {
        while (running.get()) {
          look(store, slices);
          look(store, TELLING);
          try (Stream<Path> files = Files.list(temporary)) {
            files.filter(file -> !before.contains(file)).forEach(file -> look(file, slices));
          } catch (IOException e) {
            seen.add(e.toString());
          }
          pause();
        }
      });
      thread.start();
    }

    Set<String> end() throws InterruptedException {
      running.set(false);
      thread.join();
      return seen;
    }

    private void look(Path place, List<String> markers) {
      try (Stream<Path> files = Files.exists(place) ? Files.walk(place) : Stream.empty()) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
          if (markers.stream().anyMatch(text::contains)) {
            seen.add(file.toString());
          }
        }
      } catch (NoSuchFileException | UncheckedIOException goneMeanwhile) {
        return;
      } catch (IOException e) {
        seen.add(e.toString());
      }
    }

    private static void pause() {
      try {
        Thread.sleep(EVERY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
