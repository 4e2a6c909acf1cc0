package dev.likeness.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Looks every 100 ms for bytes in a store, and in whatever appears in the temporary folder and in
 * the caches of natives meanwhile; and at once when a file appears, since it may be gone soon. A
 * file is read again when its size or time changes.
 */
final class ByteWatch implements AutoCloseable {
  /** Bytes that are looked for at once. */
  static final int SLICE = 24;

  private static final int PARTS = 32;
  private static final long EVERY = 100_000_000;

  private final List<Path> places;
  private final Path store;
  private final ByteSearch anywhere = new ByteSearch();
  private final ByteSearch inStore = new ByteSearch();
  private final Set<Path> before = new HashSet<>();
  private final Map<Path, String> seen = new HashMap<>();
  private final Map<Path, WatchKey> folders = new HashMap<>();
  private final Set<String> found = new ConcurrentSkipListSet<>();
  private final WatchService watchService = FileSystems.getDefault().newWatchService();
  private volatile boolean running;
  private volatile int polls;
  private long longest;
  private Thread thread;

  /** Of {@code store}, which may not exist yet, and of everything else that appears from now on. */
  ByteWatch(Path store) throws IOException {
    this.store = store;
    Path home = Path.of(System.getProperty("user.home"));
    List<Path> shared = Stream.of(
            Path.of(System.getProperty("java.io.tmpdir")),
            home.resolve(".javacpp"),
            home.resolve(".djl.ai"))
        .filter(Files::isDirectory)
        .toList();
    for (Path place : shared) {
      try (Stream<Path> files = Files.list(place)) {
        files.forEach(before::add);
      }
    }
    places = new ArrayList<>(shared);
    places.add(store);
  }

  /** Slices out of all parts of {@code secret}, but for those that could be anything's. */
  void searchFor(byte[] secret) {
    for (int part = 1; part < PARTS; part++) {
      int from = (int) ((long) secret.length * part / PARTS);
      byte[] slice = Arrays.copyOfRange(secret, from, from + SLICE);
      if (from + SLICE <= secret.length && values(slice) > SLICE / 2) {
        anywhere.add(slice);
        inStore.add(slice);
      }
    }
  }

  private static long values(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1).chars().distinct().count();
  }

  /**
   * Words that only plain files have, in the store alone: other programs' files may have them too.
   */
  void searchInStore(String... words) {
    for (String word : words) {
      inStore.add(word.getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  void start() {
    running = true;
    thread = new Thread(() -> {
      long last = System.nanoTime();
      while (running) {
        long begun = System.nanoTime();
        longest = Math.max(longest, begun - last);
        last = begun;
        poll();
        polls++;
        pause(EVERY - (System.nanoTime() - begun));
      }
    });
    thread.start();
  }

  /** Until it is time for the next look, or something appears. */
  private void pause(long nanos) {
    try {
      for (WatchKey key = watchService.poll(nanos, TimeUnit.NANOSECONDS);
          key != null;
          key = watchService.poll()) {
        key.pollEvents();
        key.reset();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void stop() throws InterruptedException {
    running = false;
    thread.join();
  }

  /** How often it has looked. */
  int polls() {
    return polls;
  }

  /**
   * The longest time from the beginning of one look to that of the next, in milliseconds; known
   * once it has stopped.
   */
  long longestMillis() {
    return longest / 1_000_000;
  }

  /** The files that held anything. */
  Set<String> found() {
    return found;
  }

  /** Looks once more, at every file. */
  Set<String> pollAll() {
    seen.clear();
    poll();
    return found;
  }

  private void poll() {
    for (Path place : places) {
      if (Files.exists(place)) {
        watchFolder(place);
        try (Stream<Path> inside = Files.list(place)) {
          inside.filter(path -> !before.contains(path)).forEach(this::pollFolder);
        } catch (IOException e) {
          found.add(e.toString());
        }
      }
    }
  }

  private void pollFolder(Path top) {
    try (Stream<Path> files = Files.walk(top)) {
      files.forEach(this::pollFile);
    } catch (NoSuchFileException | UncheckedIOException goneMeanwhile) {
      return;
    } catch (IOException e) {
      found.add(e.toString());
    }
  }

  private void pollFile(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      String state = now.size() + " " + now.lastModifiedTime();
      if (now.isDirectory()) {
        watchFolder(file);
      } else if (now.isRegularFile() && !state.equals(seen.put(file, state)) && isFound(file)) {
        found.add(file.toString());
      }
    } catch (IOException goneMeanwhile) {
      seen.remove(file);
    }
  }

  private void watchFolder(Path folder) {
    folders.compute(folder, (same, key) -> {
      try {
        return key != null && key.isValid()
            ? key
            : folder.register(watchService, StandardWatchEventKinds.ENTRY_CREATE);
      } catch (IOException goneMeanwhile) {
        return null;
      }
    });
  }

  @Override
  public void close() throws IOException {
    watchService.close();
  }

  private boolean isFound(Path file) throws IOException {
    return (file.startsWith(store) ? inStore : anywhere).findsIn(file);
  }
}
