package dev.likeness.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;

/**
 * Looks every 100 ms for bytes in a store, and in whatever appears in the temporary folder and in the caches of natives
 * meanwhile. A file is read again when its size or time changes.
 */
final class ByteWatch {
  private static final int EVERY_MILLIS = 100;
  private static final int SLICE = 24;
  private static final int PARTS = 32;

  private final List<Path> places;
  private final Path store;
  private final List<String> markers = new ArrayList<>();
  private final List<String> telling = new ArrayList<>();
  private final Set<Path> before = new HashSet<>();
  private final Map<Path, String> seen = new HashMap<>();
  private final Set<String> found = new ConcurrentSkipListSet<>();
  private volatile boolean running;
  private int looks;
  private Thread thread;

  /** Of {@code store}, which may not exist yet, and of everything else that appears from now on. */
  ByteWatch(Path store) throws IOException {
    this.store = store;
    Path home = Path.of(System.getProperty("user.home"));
    List<Path> shared = Stream.of(Path.of(System.getProperty("java.io.tmpdir")), home.resolve(".javacpp"),
        home.resolve(".djl.ai")).filter(Files::isDirectory).toList();
    for (Path place : shared) {
      try (Stream<Path> files = Files.list(place)) {
        files.forEach(before::add);
      }
    }
    places = new ArrayList<>(shared);
    places.add(store);
  }

  /** Slices out of all parts of {@code secret}, but for those that could be anything's. */
  void lookFor(byte[] secret) {
    for (int part = 1; part < PARTS; part++) {
      String slice = new String(secret, (int) ((long) secret.length * part / PARTS), SLICE,
          StandardCharsets.ISO_8859_1);
      if (slice.chars().distinct().count() > SLICE / 2) {
        markers.add(slice);
      }
    }
  }

  /** Words that only plain files have, in the store alone: other programs' files may have them too. */
  void lookForInStore(String... words) {
    telling.addAll(List.of(words));
  }

  void start() {
    running = true;
    thread = new Thread(() -> {
      while (running) {
        long begun = System.nanoTime();
        look();
        looks++;
        pause(EVERY_MILLIS - (System.nanoTime() - begun) / 1_000_000);
      }
    });
    thread.start();
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(Math.max(1, millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How often it looked. */
  int stop() throws InterruptedException {
    running = false;
    thread.join();
    return looks;
  }

  /** The files that held anything. */
  Set<String> found() {
    return found;
  }

  /** Looks once more, at every file. */
  Set<String> lookAtAll() {
    seen.clear();
    look();
    return found;
  }

  private void look() {
    for (Path place : places) {
      try (Stream<Path> inside = Files.exists(place) ? Files.list(place) : Stream.empty()) {
        inside.filter(path -> !before.contains(path)).forEach(this::lookBelow);
      } catch (IOException e) {
        found.add(e.toString());
      }
    }
  }

  private void lookBelow(Path top) {
    try (Stream<Path> files = Files.walk(top)) {
      files.forEach(this::lookInto);
    } catch (NoSuchFileException | UncheckedIOException goneMeanwhile) {
      return;
    } catch (IOException e) {
      found.add(e.toString());
    }
  }

  private void lookInto(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      String state = now.size() + " " + now.lastModifiedTime();
      if (now.isRegularFile() && !state.equals(seen.put(file, state)) && isTold(file)) {
        found.add(file.toString());
      }
    } catch (IOException goneMeanwhile) {
      seen.remove(file);
    }
  }

  private boolean isTold(Path file) throws IOException {
    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    return markers.stream().anyMatch(text::contains) || file.startsWith(store) && telling.stream().anyMatch(text::contains);
  }
}
